import { describe, expect, test } from 'vitest'
import type { KinesisRecordMeta } from '../../../connectors/kinesis/index.js'
import { kinesis } from '../../../connectors/kinesis/index.js'
import type { KinesisSplit } from '../../../connectors/kinesis/split.js'
import { decodeUtf8, jsonUnchecked } from '../../../core/decode/index.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { localKinesisClient } from '../../servers/kinesis/client.js'
import { discover, errorOf, LABELS, openReader, put, readAll, STREAM, startStream, textSource } from './fixture.js'

const SHARD = 'shardId-000000000000'

test('decode gets the partition key, sequence number, arrival time and shard; arrival times are timestamps', async () => {
  const { server, client } = await startStream()
  const numbers = await put(client, ['a', 'b'])
  const seen: KinesisRecordMeta[] = []
  const source = textSource(server, {
    endAt: 'tip',
    decode: (bytes, meta) => {
      seen.push({ ...meta })
      return decodeUtf8(bytes)
    },
  })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!)
  await open.until(() => false)
  expect(seen).toMatchObject([
    { shardId: SHARD, sequenceNumber: numbers[0], offset: numbers[0], partitionKey: 'a', split: splits[0]?.id },
    { shardId: SHARD, sequenceNumber: numbers[1], offset: numbers[1], partitionKey: 'b' },
  ])
  expect(open.polled[0]?.offsets).toEqual(numbers)
  expect(open.polled[0]?.timestamps).toEqual(seen.map(({ arrivedAt }) => arrivedAt))
  expect(Math.abs((seen[0]?.arrivedAt ?? 0) - Date.now())).toBeLessThan(60_000)
})

describe('a record that cannot be decoded', () => {
  async function broken(onMalformed: 'fail' | 'deadLetter' | 'skip') {
    const { server, client } = await startStream()
    const numbers = await put(client, ['1', 'no json', '3'])
    const source = kinesis<number>({
      stream: STREAM,
      startAt: 'horizon',
      endAt: 'tip',
      endpoint: server.url,
      decode: jsonUnchecked<number>(),
      onMalformed,
    })
    const { splits } = await discover(source)
    return { open: await openReader(source, splits[0]!), numbers }
  }

  test('stops the job after the records before it, naming shard and sequence number', async () => {
    const { open, numbers } = await broken('fail')
    expect(await open.until(() => open.polled.length === 1)).toEqual([1])
    expect(open.reader.position()).toMatchObject({ position: { kind: 'after', sequenceNumber: numbers[0] } })
    expect(await errorOf(open.until(() => false))).toMatchObject({
      code: 'RECORD_MALFORMED',
      location: expect.stringContaining(`${SHARD}, offset ${numbers[1]}`),
    })
  })

  test('goes to the dead letters with its bytes, sequence number and arrival time', async () => {
    const { open, numbers } = await broken('deadLetter')
    expect(await open.until(() => false)).toEqual([1, 3])
    const letters = open.polled.flatMap(({ rejected = [] }) => rejected)
    expect(letters).toMatchObject([{ offset: numbers[1], code: 'RECORD_MALFORMED', arrivedAt: expect.any(Number) }])
    expect(decodeUtf8(letters[0]!.raw)).toBe('no json')
  })

  test('is skipped and counted', async () => {
    const { open } = await broken('skip')
    expect(await open.until(() => false)).toEqual([1, 3])
    expect(open.polled.reduce((sum, { skipped = 0 }) => sum + skipped, 0)).toBe(1)
  })
})

test('a shard without records is caught up after its first read, and is not finished', async () => {
  const { server } = await startStream()
  const source = textSource(server)
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!)
  expect(open.reader.caughtUp).toBe(false)
  await open.until(() => open.reader.caughtUp)
  expect(open.reader.finished).toBe(false)
  expect(open.metrics.read()).toMatchObject({ [`millisBehindLatest${LABELS}`]: 0 })
})

test('a reader is caught up only when nothing waits to be polled', async () => {
  const { server, client } = await startStream()
  await put(client, ['a', 'b'])
  const source = textSource(server)
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!, { maxRecords: 1 })
  await open.until(() => open.polled.length === 1)
  expect(open.reader.caughtUp).toBe(false)
  await open.until(() => open.reader.caughtUp)
  expect(open.polled).toHaveLength(2)
})

test('a reader never holds more than its buffer, however slowly it is polled', async () => {
  const { server, client } = await startStream()
  const texts = Array.from({ length: 400 }, (_, index) => `${index}`)
  await put(client, texts)
  const source = textSource(server, { endAt: 'tip', bufferRecords: 100, maxRecordsPerCall: 60 })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!, { maxRecords: 1 })
  let most = 0
  const values = await open.until(() => {
    most = Math.max(most, (open.metrics.read()[`records${LABELS}`] ?? 0) - open.polled.length)
    return false
  })
  expect(values).toEqual(texts)
  expect(most).toBeGreaterThan(50)
  expect(most).toBeLessThanOrEqual(100)
})

describe('reading to the tip', () => {
  test('an empty stream ends at once', async () => {
    const { server } = await startStream(2)
    const source = textSource(server, { endAt: 'tip' })
    expect(source.bounded).toBe(true)
    const { splits } = await discover(source)
    expect(await readAll(source, splits[0]!)).toEqual([])
  })

  test('ends before what arrived after the start, however late it is read', async () => {
    const real = systemEnvironment()
    const startedAt = Date.UTC(2026, 0, 5)
    const clock = { nowMs: startedAt }
    const environment = { ...real, clock: { now: () => clock.nowMs, monotonic: real.clock.monotonic } }
    const { server, client } = await startStream(1, { environment })
    await put(client, ['a', 'b'])
    clock.nowMs += 1
    await put(client, ['c'])
    const source = textSource(server, { endAt: 'tip' })
    const { splits } = await discover(source)
    const split = splits[0] as KinesisSplit
    expect(split.endsAt).toBeGreaterThan(startedAt)
    const shortened: KinesisSplit = { ...split, endsAt: startedAt }
    const open = await openReader(source, shortened)
    expect(await open.until(() => false)).toEqual(['a', 'b'])
    expect(open.reader.finished).toBe(true)
  })

  test('a drain ends an unbounded shard behind what is there, also when it was waiting at the tip', async () => {
    const { server, client } = await startStream()
    const source = textSource(server, { pollIntervalMs: 600_000, maxPollIntervalMs: 600_000 })
    const { splits } = await discover(source)
    const open = await openReader(source, splits[0]!)
    await open.until(() => open.reader.caughtUp)
    await put(client, ['a', 'b'])
    open.reader.endAtTip?.()
    expect(await open.until(() => false)).toEqual(['a', 'b'])
    expect(open.reader.finished).toBe(true)
  })
})

test('close ends a reader in the middle of a call, of a wait and of a full buffer', async () => {
  const { server, client } = await startStream()
  await put(
    client,
    Array.from({ length: 50 }, (_, index) => `${index}`),
  )
  const source = textSource(server, { bufferRecords: 10, pollIntervalMs: 600_000, maxPollIntervalMs: 600_000 })
  const { splits } = await discover(source)
  const inCall = await openReader(source, splits[0]!)
  await inCall.reader.close()
  const full = await openReader(source, splits[0]!)
  await full.until(() => full.polled.length > 0)
  await full.reader.close()
  await full.reader.close()
  const waiting = await openReader(source, splits[0]!)
  await waiting.until(() => waiting.reader.caughtUp || waiting.polled.length === 5)
  await waiting.reader.close()
})

test("a user's client is used as it is, and not destroyed", async () => {
  const { server, client } = await startStream()
  await put(client, ['a'])
  const own = localKinesisClient(server.url)
  const source = kinesis({
    stream: STREAM,
    startAt: 'horizon',
    endAt: 'tip',
    client: own,
    decode: (bytes) => decodeUtf8(bytes),
  })
  const { splits } = await discover(source)
  expect(await readAll(source, splits[0]!)).toEqual(['a'])
  expect(own.config.requestHandler.metadata?.handlerProtocol).toBe('http/1.1')
  expect((await discover(source)).splits).toHaveLength(1)
  own.destroy()
})

test('a stream is found by its ARN too', async () => {
  const { server, client } = await startStream()
  await put(client, ['a'])
  const source = kinesis({
    streamArn: `arn:aws:kinesis:us-east-1:000000000000:stream/${STREAM}`,
    startAt: 'horizon',
    endAt: 'tip',
    endpoint: server.url,
    decode: (bytes) => decodeUtf8(bytes),
  })
  const { splits } = await discover(source)
  expect(await readAll(source, splits[0]!)).toEqual(['a'])
})
