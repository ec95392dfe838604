import { ListShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KinesisStart } from '../../../connectors/kinesis/index.js'
import type { KinesisSplit } from '../../../connectors/kinesis/split.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { discover, errorOf, openReader, put, readAll, STREAM, startStream, textSource } from './fixture.js'

const SHARD = 'shardId-000000000000'

function clockAt(startMs: number) {
  const clock = { nowMs: startMs }
  const real = systemEnvironment()
  return { clock, environment: { ...real, clock: { now: () => clock.nowMs, monotonic: real.clock.monotonic } } }
}

/** Reads a bounded source of one shard from its start. */
async function readFrom(server: { url: string }, startAt: KinesisStart): Promise<string[]> {
  const source = textSource(server, { startAt, endAt: 'tip' })
  const { splits } = await discover(source)
  return readAll(source, splits[0]!)
}

describe('start positions', () => {
  test('horizon begins with the oldest record', async () => {
    const { server, client } = await startStream()
    await put(client, ['a', 'b', 'c'])
    expect(await readFrom(server, 'horizon')).toEqual(['a', 'b', 'c'])
  })

  test('at and after a sequence number include and exclude its record', async () => {
    const { server, client } = await startStream()
    const numbers = await put(client, ['a', 'b', 'c'])
    expect(await readFrom(server, { shards: { [SHARD]: { at: numbers[1]! } } })).toEqual(['b', 'c'])
    expect(await readFrom(server, { shards: { [SHARD]: { after: numbers[1]! } } })).toEqual(['c'])
  })

  test('a shard that startAt.shards does not name starts at the horizon', async () => {
    const { server, client, shards } = await startStream(2)
    const texts = Array.from({ length: 40 }, (_, index) => `${index}`)
    await put(client, texts)
    const source = textSource(server, { endAt: 'tip' })
    const { splits } = await discover(source)
    const first = await readAll(source, splits[0]!)
    const second = await readAll(source, splits[1]!)
    const reader = await openReader(source, splits[0]!)
    await reader.until(() => false)
    const { position } = reader.reader.position() as KinesisSplit
    if (position.kind !== 'after') throw new Error(`expected a position after a record, found ${position.kind}`)
    const startAt = { shards: { [shards[0]!.ShardId!]: { at: position.sequenceNumber } } }
    const explicit = textSource(server, { startAt, endAt: 'tip' })
    const found = await discover(explicit)
    expect(await readAll(explicit, found.splits[0]!)).toEqual([first.at(-1)])
    expect(await readAll(explicit, found.splits[1]!)).toEqual(second)
  })

  test('behind the last number of a shard that has ended nothing of it is read, and its children are', async () => {
    const { server, client } = await startStream()
    await put(client, ['a', 'b'])
    const NewStartingHashKey = (1n << 127n).toString()
    await client.send(new SplitShardCommand({ StreamName: STREAM, ShardToSplit: SHARD, NewStartingHashKey }))
    await put(client, ['c', 'd', 'e', 'f'])
    const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: STREAM }))
    const end = Shards.find(({ ShardId }) => ShardId === SHARD)?.SequenceNumberRange?.EndingSequenceNumber ?? ''
    const source = textSource(server, { startAt: { shards: { [SHARD]: { after: end } } }, endAt: 'tip' })
    const { splits } = await discover(source)
    const read = await Promise.all(splits.map((split) => readAll(source, split)))
    expect(splits.map(({ id }) => id.endsWith(SHARD))).toEqual([true, false, false])
    expect(read[0]).toEqual([])
    expect(read.flat().toSorted()).toEqual(['c', 'd', 'e', 'f'])
  })

  test('a timestamp includes what arrived at it', async () => {
    const { clock, environment } = clockAt(Date.UTC(2026, 0, 5))
    const { server, client } = await startStream(1, { environment })
    for (const text of ['a', 'b', 'c']) {
      await put(client, [text])
      clock.nowMs += 1000
    }
    expect(await readFrom(server, { timestamp: Date.UTC(2026, 0, 5, 0, 0, 1) })).toEqual(['b', 'c'])
    expect(await readFrom(server, { timestamp: new Date(Date.UTC(2026, 0, 5, 0, 0, 1) + 1) })).toEqual(['c'])
  })

  test('latest skips what arrived before the first start, also for a job that starts again before its first checkpoint', async () => {
    const { clock, environment } = clockAt(Date.UTC(2026, 0, 5))
    const { server, client } = await startStream(1, { environment })
    await put(client, ['before'])
    clock.nowMs += 10_000
    const source = textSource(server, { startAt: 'latest' })
    const { splits } = await discover(source, { environment })
    clock.nowMs += 10_000
    await put(client, ['after the start'])
    const again = await discover(source, { environment })
    expect(again.splits).toEqual(splits)
    clock.nowMs += 10_000
    const open = await openReader(source, structuredClone(again.splits[0]!), { environment })
    expect(await open.until(() => open.polled.length > 0)).toEqual(['after the start'])
  })

  test('latest is when the job first started, also for a process that starts it anew before its first checkpoint', async () => {
    const { clock, environment } = clockAt(Date.UTC(2026, 0, 5))
    const { server, client } = await startStream(1, { environment })
    await put(client, ['before'])
    clock.nowMs += 10_000
    const startedAt = clock.nowMs
    clock.nowMs += 10_000
    await put(client, ['after the start'])
    clock.nowMs += 3_600_000
    const source = textSource(server, { startAt: 'latest' })
    const { splits } = await discover(source, { environment, startedAt })
    const open = await openReader(source, splits[0]!, { environment })
    expect(await open.until(() => open.polled.length > 0)).toEqual(['after the start'])
    // A source that is new in a job with checkpoints has no such start.
    const added = await discover(textSource(server, { startAt: 'latest' }), { environment })
    expect(added.splits[0]).toMatchObject({ position: { timestampMs: clock.nowMs } })
  })

  test('a named shard that the stream does not have is refused', async () => {
    const { server } = await startStream()
    const source = textSource(server, { startAt: { shards: { 'shardId-000000000007': { at: '1' } } } })
    expect(await errorOf(discover(source))).toMatchObject({
      code: 'KINESIS_SHARD_UNKNOWN',
      message: expect.stringContaining('shardId-000000000007'),
    })
  })

  test("a sequence number of another stream is refused in the server's words", async () => {
    const { server } = await startStream()
    const source = textSource(server, { startAt: { shards: { [SHARD]: { at: '49' } } } })
    const { splits } = await discover(source)
    const open = await openReader(source, splits[0]!)
    expect(await errorOf(open.until(() => false))).toMatchObject({ code: 'KINESIS_REQUEST_INVALID', retryable: false })
  })
})

test('stopped and reopened anywhere, with polls of any size, each record comes once and in order', async () => {
  const { server, client } = await startStream()
  const texts = Array.from({ length: 300 }, (_, index) => `${index}`)
  await put(client, texts)
  const source = textSource(server, { endAt: 'tip', maxRecordsPerCall: 37, bufferRecords: 60 })
  const { splits } = await discover(source)
  const step = fc.record({ polls: fc.integer({ min: 0, max: 6 }), maxRecords: fc.integer({ min: 1, max: 50 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      let split = splits[0]!
      const seen: string[] = []
      for (const { polls, maxRecords } of [...steps, { polls: Number.POSITIVE_INFINITY, maxRecords: 50 }]) {
        const open = await openReader(source, structuredClone(split), { maxRecords })
        let batches = 0
        seen.push(...(polls === 0 ? [] : await open.until(() => open.polled.length > batches && ++batches >= polls)))
        split = open.reader.position()
        await open.reader.close()
      }
      expect(seen).toEqual(texts)
    }),
    { numRuns: 25 },
  )
})

test('a position in the checkpoint is plain data behind the last polled record, whatever lies in the buffer', async () => {
  const { server, client } = await startStream()
  const numbers = await put(client, ['a', 'b', 'c'])
  const source = textSource(server)
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!, { maxRecords: 2 })
  expect(open.reader.position()).toEqual(splits[0])
  await open.until(() => open.polled.length === 1)
  const position = open.reader.position() as KinesisSplit
  expect(position.position).toEqual({ kind: 'after', sequenceNumber: numbers[1], subSequence: null })
  expect(JSON.parse(JSON.stringify(position))).toEqual(position)
})

describe('a position past retention', () => {
  async function expired(onTrimmed: 'fail' | 'continue') {
    const { clock, environment } = clockAt(Date.UTC(2026, 0, 5))
    const { server, client } = await startStream(1, { environment })
    await put(client, ['a', 'b'])
    const source = textSource(server, { onTrimmed })
    const { splits } = await discover(source, { environment })
    const before = await openReader(source, splits[0]!, { environment, maxRecords: 1 })
    await before.until(() => before.polled.length === 1)
    const split = before.reader.position()
    await before.reader.close()
    clock.nowMs += 25 * 3_600_000
    await put(client, ['c'])
    return openReader(source, split, { environment })
  }

  test('stops the job and names the gap', async () => {
    expect(await errorOf((await expired('fail')).until(() => false))).toMatchObject({
      code: 'KINESIS_POSITION_EXPIRED',
      message: expect.stringContaining('between 2026-01-05T00:00:00.000Z and 2026-01-05T01:00:00.000Z'),
    })
  })

  test('goes on at the horizon where that is asked for, and says so', async () => {
    const open = await expired('continue')
    expect(await open.until(() => open.polled.length > 0)).toEqual(['c'])
    expect(open.warnings).toEqual([expect.stringContaining('may be lost')])
  })

  test('is none while the shard had nothing more to read', async () => {
    const { clock, environment } = clockAt(Date.UTC(2026, 0, 5))
    const { server, client } = await startStream(1, { environment })
    await put(client, ['a'])
    const source = textSource(server)
    const { splits } = await discover(source, { environment })
    const before = await openReader(source, splits[0]!, { environment })
    await before.until(() => before.polled.length === 1)
    clock.nowMs += 20 * 3_600_000
    await before.until(
      () => before.reader.caughtUp && (before.reader.position() as KinesisSplit).readUpTo === clock.nowMs,
    )
    const split = before.reader.position()
    clock.nowMs += 10 * 3_600_000
    await put(client, ['b'])
    const after = await openReader(source, split, { environment })
    expect(await after.until(() => after.polled.length > 0)).toEqual(['b'])
  })
})
