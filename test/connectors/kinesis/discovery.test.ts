import { CreateStreamCommand, PutRecordCommand, type PutRecordCommandInput } from '@aws-sdk/client-kinesis'
import { describe, expect, test } from 'vitest'
import type { KinesisEnd } from '../../../connectors/kinesis/index.js'
import type { KinesisSplit } from '../../../connectors/kinesis/split.js'
import type { Split } from '../../../core/connector.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import {
  discover,
  engineContext,
  errorOf,
  faultyProxy,
  openReader,
  put,
  readAll,
  STREAM,
  startStream,
  textSource,
} from './fixture.js'
import { mergeShards, openShards, splitShard } from './resharding.js'

const ids = (splits: readonly Split[]): string[] => splits.map((split) => (split as KinesisSplit).shardId.slice(-1))
const known = (splits: readonly Split[]): Set<string> => new Set(splits.map(({ id }) => id))

/** The server's clock and the job's: at a fixed day, moved by the test. */
function movedClock() {
  const real = systemEnvironment()
  const clock = { nowMs: Date.UTC(2026, 0, 5) }
  return { clock, environment: { ...real, clock: { now: () => clock.nowMs, monotonic: () => real.clock.monotonic() } } }
}

describe('a first listing', () => {
  test('from the horizon has closed shards too, with their children behind them', async () => {
    const { server, client } = await startStream(2)
    await splitShard(client, (await openShards(client))[0]!)
    const { splits } = await discover(textSource(server))
    expect(ids(splits)).toEqual(['0', '1', '2', '3'])
    expect(splits.map(({ parents }) => parents)).toEqual([[], [], [splits[0]!.id], [splits[0]!.id]])
  })

  test.each(['latest', 'timestamp'])('from %s leaves out shards that had ended by then, for good', async (kind) => {
    const { clock, environment } = movedClock()
    const { server, client } = await startStream(2, { environment })
    await put(client, ['before'])
    clock.nowMs += 60_000
    await splitShard(client, (await openShards(client))[0]!)
    clock.nowMs += 60_000
    const startAt = kind === 'latest' ? 'latest' : { timestamp: clock.nowMs }
    const source = textSource(server, { startAt })
    const { enumerator, splits } = await discover(source, { environment })
    expect(ids(splits)).toEqual(['1', '2', '3'])
    expect(await enumerator.discover(known(splits))).toEqual([])
    const restored = structuredClone(enumerator.snapshot?.())
    const again = source.enumerate(engineContext({ environment, restored }).context)
    expect(await again.discover(known(splits))).toEqual([])
    expect(again.gone?.()).toEqual([])
  })

  test('from positions counts the parents of named shards as read', async () => {
    const { server, client, shards } = await startStream(2)
    await splitShard(client, (await openShards(client))[0]!)
    const [child] = await openShards(client)
    await splitShard(client, child!)
    const named = (await openShards(client))[0]!.id
    const startAt = { shards: { [named]: { after: shards[0]!.SequenceNumberRange!.StartingSequenceNumber! } } }
    const { splits } = await discover(textSource(server, { startAt }))
    expect(ids(splits)).toEqual(['1', '3', '4', '5'])
    expect((splits[2] as KinesisSplit).position).toMatchObject({ kind: 'after' })
  })
})

describe('a later listing', () => {
  test('has what was split and merged since, from its beginning, with its parents', async () => {
    const { server, client } = await startStream(2)
    const { enumerator, splits } = await discover(textSource(server, { startAt: 'latest' }))
    await splitShard(client, (await openShards(client))[1]!)
    const [lower, middle] = await openShards(client)
    await mergeShards(client, [lower!, middle!])
    const later = await enumerator.discover(known(splits))
    expect(ids(later)).toEqual(['2', '3', '4'])
    expect(later.map((split) => (split as KinesisSplit).position)).toEqual(Array(3).fill({ kind: 'horizon' }))
    expect(later[2]?.parents).toEqual([splits[0]!.id, later[0]!.id])
    expect(enumerator.gone?.()).toEqual([])
  })

  test('names what has expired, and whether the job may go on without it is an option', async () => {
    const { server } = await startStream()
    const { enumerator, splits } = await discover(textSource(server))
    const lost = { ...(splits[0] as KinesisSplit), id: 'arn@1/shardId-9', shardId: 'shardId-9', readUpTo: 0 }
    await enumerator.discover(known([...splits, lost]))
    expect(enumerator.gone?.()).toEqual([lost.id])
    const expected = {
      code: 'KINESIS_POSITION_EXPIRED',
      message: expect.stringContaining(
        'shardId-9 of arn:aws:kinesis:us-east-1:000000000000:stream/taxi (what arrived in it after 1970-01-01T00:00:00.000Z)',
      ),
    }
    expect(() => enumerator.onLost?.([lost])).toThrow(expect.objectContaining(expected))
    const { context, warnings } = engineContext()
    const source = textSource(server, { onTrimmed: 'continue' })
    source.enumerate(context).onLost?.([lost])
    expect(warnings).toEqual([expected.message])
  })

  test('bears throttling, and a token that expires between pages', async () => {
    const { server } = await startStream(1200, { shardLimit: 2000 })
    const proxy = await faultyProxy(server.url, (operation, nth) => {
      if (operation !== 'ListShards') return undefined
      if (nth === 1) return { status: 400, type: 'LimitExceededException' }
      return nth === 3 ? { status: 400, type: 'ExpiredNextTokenException' } : undefined
    })
    const { splits } = await discover(textSource(proxy))
    expect(known(splits).size).toBe(1200)
  })
})

test('several streams are one source: each with its own shards, identity and positions', async () => {
  const { server, client } = await startStream(1)
  await client.send(new CreateStreamCommand({ StreamName: 'other', ShardCount: 2 }))
  await put(client, ['a'])
  const record: PutRecordCommandInput = { StreamName: 'other', PartitionKey: 'b', Data: Buffer.from('b') }
  const { ShardId, SequenceNumber } = await client.send(new PutRecordCommand(record))
  await client.send(new PutRecordCommand({ ...record, Data: Buffer.from('c') }))
  const streams = [STREAM, 'arn:aws:kinesis:us-east-1:000000000000:stream/other']
  const options = { stream: undefined, streams, endAt: 'tip' } as object
  const source = textSource(server, options)
  const { enumerator, splits } = await discover(source)
  expect(splits).toHaveLength(3)
  expect(known(splits).size).toBe(3)
  expect((await Promise.all(splits.map((split) => readAll(source, split)))).flat().sort()).toEqual(['a', 'b', 'c'])

  const startAt = { shards: { [`${streams[1]}/${ShardId}`]: { after: SequenceNumber! } } }
  const behind = textSource(server, { ...options, startAt })
  const texts = (await discover(behind)).splits.map((split) => readAll(behind, split))
  expect((await Promise.all(texts)).flat().sort()).toEqual(['a', 'c'])

  const restored = structuredClone(enumerator.snapshot?.())
  const less = textSource(server, { endAt: 'tip' }).enumerate(engineContext({ restored }).context)
  expect(await errorOf(less.discover(known(splits)))).toMatchObject({ code: 'KINESIS_STREAM_CHANGED' })
})

describe('a bounded read', () => {
  const read = async (server: { readonly url: string }, endAt: KinesisEnd): Promise<readonly string[]> => {
    const source = textSource(server, { endAt })
    const { splits } = await discover(source)
    return readAll(source, splits[0]!)
  }

  test('to a position ends before it, or behind it', async () => {
    const { server, client, shards } = await startStream()
    const [, second] = await put(client, ['a', 'b', 'c'])
    const shard = shards[0]!.ShardId!
    expect(await read(server, { shards: { [shard]: { at: second! } } })).toEqual(['a'])
    expect(await read(server, { shards: { [shard]: { after: second! } } })).toEqual(['a', 'b'])
    expect(await read(server, { shards: {} })).toEqual(['a', 'b', 'c'])
  })

  test('that begins behind where it ends has nothing to read, also where nothing follows', async () => {
    const { server, client, shards } = await startStream()
    const [first] = await put(client, ['a'])
    const position = { shards: { [shards[0]!.ShardId!]: { after: first! } } }
    const source = textSource(server, { startAt: position, endAt: position })
    const { splits } = await discover(source)
    const open = await openReader(source, splits[0]!)
    expect(await open.until(() => false)).toEqual([])
    expect(open.reader.endedEarly).toBe(true)
  })

  test('to a time ends with what arrived at it, and waits for one that has not come', async () => {
    const { clock, environment } = movedClock()
    const { server, client } = await startStream(1, { environment })
    for (const text of ['a', 'b', 'c']) {
      await put(client, [text])
      clock.nowMs += 1000
    }
    const start = Date.UTC(2026, 0, 5)
    const source = (timestamp: number) => textSource(server, { endAt: { timestamp } })
    const past = source(start + 1000)
    const { splits } = await discover(past, { environment })
    expect(await (await openReader(past, splits[0]!, { environment })).until(() => false)).toEqual(['a', 'b'])

    const future = source(start + 60_000)
    const found = await discover(future, { environment })
    const open = await openReader(future, found.splits[0]!, { environment })
    expect(await open.until(() => open.reader.caughtUp)).toEqual(['a', 'b', 'c'])
    expect(open.reader.finished).toBe(false)
    clock.nowMs = start + 50_000
    await put(client, ['d'])
    expect(await open.until(() => open.polled.flatMap(({ values }) => values).length === 4)).toEqual(['d'])
    clock.nowMs = start + 70_000
    expect(await open.until(() => false)).toEqual([])
    expect(open.reader).toMatchObject({ finished: true, endedEarly: true })
  })

  test('ends a closed shard where it ends, and says so', async () => {
    const { server, client } = await startStream()
    await put(client, ['a'])
    await splitShard(client, (await openShards(client))[0]!)
    const source = textSource(server, { endAt: 'tip' })
    const { splits } = await discover(source)
    const open = await openReader(source, splits[0]!)
    expect(await open.until(() => false)).toEqual(['a'])
    expect(open.reader.endedEarly).toBe(false)
  })
})

test('a shard that ends while it is read ends the reader once everything of it was taken', async () => {
  const { server, client } = await startStream()
  await put(client, ['a'])
  const source = textSource(server)
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!)
  expect(await open.until(() => open.polled.length === 1)).toEqual(['a'])
  await splitShard(client, (await openShards(client))[0]!)
  expect(await open.until(() => false)).toEqual([])
  expect(open.reader).toMatchObject({ finished: true, endedEarly: false })
})
