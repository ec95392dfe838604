import { PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  Aggregator,
  hashKeyOf,
  hashKeyRange,
  isInRange,
  type UserRecord,
} from '../../../connectors/kinesis/aggregation/index.js'
import { type KinesisRecordMeta, kinesis } from '../../../connectors/kinesis/index.js'
import type { KinesisSplit } from '../../../connectors/kinesis/split.js'
import type { Split } from '../../../core/connector.js'
import { decodeUtf8, json, lines, text } from '../../../core/decode/index.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import {
  discover,
  errorOf,
  type Fixture,
  openReader,
  put,
  readAll,
  STREAM,
  startStream,
  textSource,
} from './fixture.js'

const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

const user = (content: string, partitionKey = content): UserRecord => ({ partitionKey, data: bytes(content) })

/** One record of the stream, made of these. Returns its sequence number. */
async function putAggregate({ client }: Fixture, records: readonly UserRecord[]): Promise<string> {
  const aggregator = new Aggregator({ maxBytes: 1_000_000 })
  for (const record of records) expect(aggregator.add(record)).toBe(true)
  const { data: Data, partitionKey: PartitionKey } = aggregator.take()!
  return putData(client, Data, PartitionKey)
}

async function putData(client: Fixture['client'], Data: Uint8Array, PartitionKey = 'p'): Promise<string> {
  const answer = await client.send(new PutRecordsCommand({ StreamName: STREAM, Records: [{ Data, PartitionKey }] }))
  return answer.Records?.[0]?.SequenceNumber ?? ''
}

/** A checkpoint's way: through what it stores. */
const stored = (split: Split): Split => JSON.parse(JSON.stringify(split)) as Split

test('user records are read in order, with their own keys and their place', async () => {
  const fixture = await startStream()
  const [first] = await put(fixture.client, ['plain'])
  const second = await putAggregate(fixture, [
    user('a', 'key a'),
    { partitionKey: 'key b', explicitHashKey: '77', data: bytes('b') },
  ])
  const seen: KinesisRecordMeta[] = []
  const source = textSource(fixture.server, {
    endAt: 'tip',
    decode: (data: Uint8Array, meta: KinesisRecordMeta) => {
      seen.push({ ...meta })
      return decodeUtf8(data)
    },
  })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!)
  expect(await open.until(() => false)).toEqual(['plain', 'a', 'b'])
  expect(seen).toMatchObject([
    { offset: first, sequenceNumber: first, subSequenceNumber: undefined, partitionKey: 'plain' },
    { offset: `${second}/0`, sequenceNumber: second, subSequenceNumber: 0, partitionKey: 'key a' },
    { offset: `${second}/1`, subSequenceNumber: 1, partitionKey: 'key b', explicitHashKey: '77' },
  ])
  expect(seen[1]?.explicitHashKey).toBeUndefined()
  expect(open.polled.flatMap(({ offsets }) => offsets)).toEqual([first, `${second}/0`, `${second}/1`])
  expect(open.reader.position()).toMatchObject({ position: { sequenceNumber: second, subSequence: null } })
})

describe('a restored reader goes on exactly where the checkpoint was', () => {
  const contents = (name: string): string[] => Array.from({ length: 5 }, (_, index) => `${name}${index}`)

  /** Reads one value a poll, and after each of them restores a second reader that reads the rest. */
  async function restoreAnywhere(source: ReturnType<typeof textSource>, all: readonly string[]): Promise<Split[]> {
    const { splits } = await discover(source)
    const open = await openReader(source, splits[0]!, { maxRecords: 1 })
    const read: string[] = []
    const positions: Split[] = []
    while (!open.reader.finished) {
      const before = open.polled.length
      read.push(...(await open.until(() => open.polled.length > before)))
      const position = stored(open.reader.position())
      positions.push(position)
      expect([...read, ...(await readAll(source, position, 3))]).toEqual(all)
    }
    expect(read).toEqual(all)
    return positions
  }

  test('inside an aggregated record', async () => {
    const fixture = await startStream()
    await put(fixture.client, ['x'])
    await putAggregate(
      fixture,
      contents('a').map((content) => user(content)),
    )
    await putAggregate(
      fixture,
      contents('b').map((content) => user(content)),
    )
    await put(fixture.client, ['y'])
    const source = textSource(fixture.server, { endAt: 'tip' })
    const positions = await restoreAnywhere(source, ['x', ...contents('a'), ...contents('b'), 'y'])
    expect(positions).toMatchObject([
      { position: { subSequence: null } },
      ...[0, 1, 2, 3, null].map((subSequence) => ({ position: { subSequence } })),
      ...[0, 1, 2, 3, null].map((subSequence) => ({ position: { subSequence } })),
      { position: { subSequence: null } },
    ])
  })

  test('between two values of one record, of a plain one and of an aggregated one', async () => {
    const fixture = await startStream()
    await put(fixture.client, ['a0\na1\na2\n', '', '\n\n', 'b0'])
    await putAggregate(fixture, [user('c0\nc1'), user(' '), user('d0\r\nd1\r\n')])
    await put(fixture.client, ['e0\ne1'])
    const source = textSource(fixture.server, { endAt: 'tip', decode: lines(text()) })
    await restoreAnywhere(source, ['a0', 'a1', 'a2', 'b0', 'c0', 'c1', 'd0', 'd1', 'e0', 'e1'])
  })
})

test('what belongs to another shard is left out there, and counted', async () => {
  const fixture = await startStream(2)
  const names = Array.from({ length: 40 }, (_, index) => `key-${index}`)
  // As after a reshard: the same aggregate in both shards, put again by a producer for what was in the wrong one.
  for (const { HashKeyRange } of fixture.shards) {
    const range = hashKeyRange({ start: HashKeyRange?.StartingHashKey ?? '', end: HashKeyRange?.EndingHashKey ?? '' })
    const first = names.find((name) => isInRange(hashKeyOf(name), range)) ?? ''
    await putAggregate(fixture, [user(first), ...names.filter((name) => name !== first).map((name) => user(name))])
  }
  // Only now: where the tip is was decided once it looks.
  const source = textSource(fixture.server, { endAt: 'tip' })
  const { splits } = await discover(source)
  const read: string[] = []
  let foreign = 0
  for (const split of splits as readonly KinesisSplit[]) {
    const open = await openReader(source, split, { maxRecords: 7 })
    const values = await open.until(() => false)
    expect(values.every((name) => isInRange(hashKeyOf(name), hashKeyRange(split.hashRange)))).toBe(true)
    read.push(...values)
    foreign += countOf(open.metrics.read(), 'foreignUserRecords')
  }
  expect(read.toSorted()).toEqual(names.toSorted())
  expect(foreign).toBe(names.length)
})

test('a damaged aggregate is a plain record, and counted', async () => {
  const fixture = await startStream()
  const aggregator = new Aggregator({ maxBytes: 1000 })
  for (const content of ['a', 'b']) aggregator.add(user(content))
  const data = Buffer.from(aggregator.take()!.data)
  data[data.length - 1] = data.at(-1)! ^ 1
  await putData(fixture.client, data)
  await put(fixture.client, ['next'])
  const source = textSource(fixture.server, { endAt: 'tip', decode: (raw) => Buffer.from(raw).toString('latin1') })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!)
  expect(await open.until(() => false)).toEqual([data.toString('latin1'), 'next'])
  expect(countOf(open.metrics.read(), 'damagedAggregates')).toBe(1)
})

describe('a value that cannot be decoded among several', () => {
  const contents = [user('{"n":1}\n{"n":"x"}\n{"n":3}', 'key'), user('{"n":4}')]

  async function open(onMalformed: 'fail' | 'deadLetter' | 'skip') {
    const fixture = await startStream()
    const number = await putAggregate(fixture, contents)
    const source = kinesis({
      stream: STREAM,
      startAt: 'horizon',
      endAt: 'tip',
      endpoint: fixture.server.url,
      decode: lines(json(z.object({ n: z.number() }))),
      onMalformed,
    })
    const { splits } = await discover(source)
    return { number, reader: await openReader(source, splits[0]!), source }
  }

  test('stops the job behind the values before it', async () => {
    const { number, reader } = await open('fail')
    expect(await reader.until(() => reader.polled.length === 1)).toEqual([{ n: 1 }])
    expect(reader.reader.position()).toMatchObject({ position: { subSequence: 0, valueIndex: 0 } })
    const failure = { code: 'RECORD_MALFORMED', location: expect.stringContaining(`offset ${number}/0#1`) }
    expect(await errorOf(reader.until(() => false))).toMatchObject(failure)
    // However often it is asked: what lies behind must neither come out nor get into a checkpoint.
    expect(await errorOf(reader.until(() => false))).toMatchObject(failure)
    expect(reader.polled.map(({ values }) => values)).toEqual([[{ n: 1 }]])
    expect(reader.reader.position()).toMatchObject({ position: { subSequence: 0, valueIndex: 0 } })
  })

  test('becomes a dead letter of its own', async () => {
    const { number, reader } = await open('deadLetter')
    expect(await reader.until(() => false)).toEqual([{ n: 1 }, { n: 3 }, { n: 4 }])
    const letters = reader.polled.flatMap(({ rejected = [] }) => rejected)
    expect(letters).toMatchObject([{ offset: `${number}/0#1`, isPart: true, partitionKey: 'key' }])
    expect(decodeUtf8(letters[0]!.raw)).toBe('{"n":"x"}')
    expect(letters[0]!.rejectedAt).toBeGreaterThanOrEqual(letters[0]!.arrivedAt!)
  })

  test('is skipped and counted', async () => {
    const { reader } = await open('skip')
    expect(await reader.until(() => false)).toEqual([{ n: 1 }, { n: 3 }, { n: 4 }])
    expect(reader.polled.reduce((sum, { skipped = 0 }) => sum + skipped, 0)).toBe(1)
  })
})

test('a user record that cannot be decoded stops the job, and nothing behind it is read', async () => {
  const fixture = await startStream()
  const number = await putAggregate(
    fixture,
    ['1', 'x', '3'].map((content) => user(content)),
  )
  const source = kinesis({
    stream: STREAM,
    startAt: 'horizon',
    endAt: 'tip',
    endpoint: fixture.server.url,
    decode: json(z.number()),
  })
  const { splits } = await discover(source)
  const reader = await openReader(source, splits[0]!)
  const failure = { code: 'RECORD_MALFORMED', location: expect.stringContaining(`offset ${number}/1`) }
  expect(await errorOf(reader.until(() => false))).toMatchObject(failure)
  expect(await errorOf(reader.until(() => false))).toMatchObject(failure)
  expect(reader.polled.map(({ values }) => values)).toEqual([[1]])
  expect(reader.reader.position()).toMatchObject({ position: { sequenceNumber: number, subSequence: 0 } })
})

test('a decoder that fails to cut a record makes the rest of it malformed, and goes on with the next', async () => {
  const fixture = await startStream()
  const numbers = await put(fixture.client, ['a,b,!,c', '!', 'd'])
  const source = kinesis<string>({
    stream: STREAM,
    startAt: 'horizon',
    endAt: 'tip',
    endpoint: fixture.server.url,
    onMalformed: 'deadLetter',
    decode: {
      *pieces(data) {
        for (const part of decodeUtf8(data).split(',')) {
          if (part === '!') throw new RangeError('no part')
          yield { bytes: bytes(part), decode: () => part }
        }
      },
    },
  })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!)
  expect(await open.until(() => false)).toEqual(['a', 'b', 'd'])
  const letters = open.polled.flatMap(({ rejected = [] }) => rejected)
  expect(letters.map(({ offset, raw, isPart, message }) => [offset, decodeUtf8(raw), isPart, message])).toEqual([
    [`${numbers[0]}#2`, 'a,b,!,c', false, 'no part'],
    [numbers[1], '!', false, 'no part'],
  ])
})

test('a poll gives no more than it was asked for, however many user records a record has', async () => {
  const fixture = await startStream()
  const names = Array.from({ length: 20_000 }, (_, index) => `${index}`)
  await putAggregate(
    fixture,
    names.map((name) => user(name, 'k')),
  )
  const source = textSource(fixture.server, { endAt: 'tip' })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!, { maxRecords: 512 })
  expect(await open.until(() => false)).toEqual(names)
  expect(Math.max(...open.polled.map(({ values }) => values.length))).toBe(512)
})

test('a poll ends behind a record that took long to take apart, however small it was', async () => {
  const fixture = await startStream()
  const names = Array.from({ length: 20 }, (_, index) => `${index}`)
  await put(fixture.client, names.slice(0, 10))
  await putAggregate(
    fixture,
    names.slice(10).map((name) => user(name, 'k')),
  )
  const real = systemEnvironment()
  let tookMs = 0
  const clock = { ...real.clock, monotonic: () => real.clock.monotonic() + tookMs }
  const inner = lines(text())
  const decode = {
    // As of something small that inflates to much.
    pieces: (data: Uint8Array, meta: KinesisRecordMeta) => {
      tookMs += 20
      return inner.pieces(data, meta)
    },
  }
  const source = textSource(fixture.server, { endAt: 'tip', decode })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!, { environment: { ...real, clock } })
  expect(await open.until(() => false)).toEqual(names)
  expect(Math.max(...open.polled.map(({ values }) => values.length))).toBe(1)
})

test('records without a value do not end the reading, and move the position', async () => {
  const fixture = await startStream()
  await put(fixture.client, [...Array.from({ length: 300 }, () => ' '), 'a', ' '])
  const source = textSource(fixture.server, { endAt: 'tip', decode: lines(text()) })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!)
  expect(await open.until(() => false)).toEqual(['a'])
  expect(open.reader.finished).toBe(true)
  expect(await readAll(source, stored(open.reader.position()))).toEqual([])
})

function countOf(metrics: Readonly<Record<string, number>>, name: string): number {
  return Object.entries(metrics).reduce((sum, [key, value]) => (key.includes(name) ? sum + value : sum), 0)
}
