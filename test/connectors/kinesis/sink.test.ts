import { CreateStreamCommand, MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis'
import { expect, test, vi } from 'vitest'
import { jsonBytes } from '../../../connectors/kinesis/index.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { errorOf, STREAM, startStream } from './fixture.js'
import {
  batchOf,
  hurriedEnvironment,
  numbersByKey,
  openWriter,
  type Row,
  rowSink,
  rowsIn,
  rowsOf,
  storedIn,
} from './sink-fixture.js'

const MIB = 1024 * 1024

test('rows reach the stream under their keys, and a checkpoint waits until all are acknowledged', async () => {
  const { server, client } = await startStream(3)
  const { writer, metrics, writeAll } = await openWriter(rowSink(server, { encode: jsonBytes() }))
  const rows = rowsOf(1250)
  await writeAll(rows)
  expect(await writer.prepareCommit(1)).toEqual([])
  expect(server.stats().records).toBe(1250)
  const stored = await storedIn(client)
  expect(rowsIn(stored).sort((a, b) => a.n - b.n)).toEqual(rows)
  expect(stored.every(({ partitionKey, text }) => JSON.parse(text).key === partitionKey)).toBe(true)
  expect(metrics.read()).toMatchObject({ records: 1250, rows: 1250, calls: 3, retries: 0, bufferedRows: 0 })
})

test('a checkpoint without rows waits for nothing', async () => {
  const { server } = await startStream()
  const { writer, metrics } = await openWriter(rowSink(server))
  expect(await writer.prepareCommit(1)).toEqual([])
  expect(metrics.read()['calls']).toBe(0)
})

test('a call holds as much as Kinesis takes: data and partition keys together are counted', async () => {
  const { server } = await startStream(2)
  const key = 'k'.repeat(24)
  const sink = rowSink(server, { partitionKey: () => key, encode: () => 'x'.repeat(MIB - 24) })
  const { writer, metrics, writeAll } = await openWriter(sink)
  await writeAll(rowsOf(6))
  await writer.prepareCommit(1)
  // Six records of exactly 1 MiB; five are the 5 MiB of a call.
  expect(metrics.read()).toMatchObject({ records: 6, bytes: 6 * MIB, calls: 2 })
})

test('one byte more than a record can have fails the job, and names the row', async () => {
  const { server } = await startStream()
  const { writer } = await openWriter(rowSink(server, { encode: () => 'x'.repeat(MIB - 4) }))
  expect(await errorOf((async () => writer.write(batchOf(rowsOf(1)), 0))())).toMatchObject({
    code: 'KINESIS_RECORD_TOO_LARGE',
    domain: 'user',
    operatorId: 'out',
    message: expect.stringContaining(`${MIB + 1} bytes`),
  })
})

test('a row waits for others to fill its call, but not for longer than it may', async () => {
  const { server } = await startStream()
  const environment = virtualEnvironment()
  const { writer, metrics } = await openWriter(rowSink(server, { maxDelayMs: 100 }), { environment })
  expect(writer.write(batchOf(rowsOf(3)), 0)).toBe(3)
  await environment.advance(99)
  expect(metrics.read()['calls']).toBe(0)
  await environment.advance(1)
  expect(metrics.read()['calls']).toBe(1)
  await writer.prepareCommit(1)
  expect(server.stats().records).toBe(3)
})

test.each([
  ['rows', { bufferRecords: 100 }, 100],
  // {"key":"key-0","n":0} and key-0 are 26 bytes.
  ['bytes', { bufferBytes: 2600 }, 100],
])('no more %s are taken than may be held, until some are acknowledged', async (_, limits, taken) => {
  const { server, client } = await startStream()
  const { writer, bell, metrics } = await openWriter(rowSink(server, limits))
  const rows = Array.from({ length: 250 }, () => ({ key: 'key-0', n: 0 }))
  const batch = batchOf(rows)
  // Nothing is answered before the event loop turns.
  expect(writer.write(batch, 0)).toBe(taken)
  expect(metrics.read()['bufferedRows']).toBe(taken)
  let next = taken
  while (next < rows.length) {
    await bell.wait()
    next = writer.write(batch, next)
  }
  await writer.prepareCommit(1)
  expect(await storedIn(client)).toHaveLength(250)
})

test('records that were refused are put again, and only those', async () => {
  const { server, client } = await startStream(2, {
    faults: [{ nth: [1, 2, 3], fault: { kind: 'failedRecords', rate: 0.5 } }],
  })
  const { writer, metrics, writeAll } = await openWriter(rowSink(server), { environment: hurriedEnvironment() })
  const rows = rowsOf(1000)
  await writeAll(rows)
  await writer.prepareCommit(1)
  const stored = rowsIn(await storedIn(client))
  expect(stored.sort((a, b) => a.n - b.n)).toEqual(rows)
  expect(metrics.read()['retries']).toBe(3)
  expect(metrics.read()['records']).toBe(1000)
})

test('throttling, server errors, broken connections and credentials that expire are waited out', async () => {
  const { server, client } = await startStream(1, {
    faults: [
      { operation: 'PutRecords', nth: 1, fault: { kind: 'throttle' } },
      { operation: 'PutRecords', nth: 2, fault: { kind: 'internalError' } },
      { operation: 'PutRecords', nth: 3, fault: { kind: 'resetBefore' } },
      { operation: 'PutRecords', nth: 4, fault: { kind: 'expiredCredentials' } },
      { operation: 'PutRecords', nth: 5, fault: { kind: 'kmsThrottle' } },
    ],
  })
  const { writer, metrics, writeAll } = await openWriter(rowSink(server), { environment: hurriedEnvironment() })
  await writeAll(rowsOf(10))
  await writer.prepareCommit(1)
  expect(rowsIn(await storedIn(client))).toEqual(rowsOf(10))
  expect(metrics.read()).toMatchObject({ calls: 6, retries: 5, throttledRecords: 20, records: 10 })
})

test('a stream that takes less than is written slows the sink down, and loses nothing', async () => {
  const environment = hurriedEnvironment()
  // The time of the stream stands still until the sink has slowed down: however slow the machine is, it takes less.
  let isStanding = true
  const clock = { ...environment.clock, monotonic: () => (isStanding ? 0 : environment.clock.monotonic()) }
  const { server, client } = await startStream(1, {
    environment: { ...environment, clock },
    limits: { writeRecords: 1000 },
  })
  const { writer, metrics, writeAll } = await openWriter(rowSink(server), { environment })
  const written = writeAll(rowsOf(4000)).then(() => writer.prepareCommit(1))
  await vi.waitFor(() => expect(metrics.read()['recordsPerSecondLimit']).toBeGreaterThan(0), 30_000)
  isStanding = false
  await written
  expect(new Set(rowsIn(await storedIn(client)).map(({ n }) => n)).size).toBe(4000)
  expect(metrics.read()['throttledRecords']).toBeGreaterThan(0)
})

test('a call whose answer is lost is made again: at least once', async () => {
  const { server, client } = await startStream(1, {
    faults: [{ operation: 'PutRecords', nth: 1, fault: { kind: 'replyLost' } }],
  })
  const { writer, writeAll } = await openWriter(rowSink(server), { environment: hurriedEnvironment() })
  await writeAll(rowsOf(10))
  await writer.prepareCommit(1)
  expect(rowsIn(await storedIn(client))).toEqual([...rowsOf(10), ...rowsOf(10)])
})

test.each([
  ['accessDenied', 'KINESIS_ACCESS_DENIED', 'kinesis:PutRecords'],
  ['throttle', 'KINESIS_THROTTLED', 'throttled for'],
  ['unavailable', 'KINESIS_UNAVAILABLE', 'no good answer for'],
  ['expiredCredentials', 'KINESIS_CREDENTIALS_EXPIRED', 'credentials that renew themselves'],
] as const)('%s for longer than is borne ends the job and names the stream', async (kind, code, message) => {
  const { server } = await startStream(1, { faults: [{ operation: 'PutRecords', fault: { kind } }] })
  const environment = hurriedEnvironment()
  const { writer, bell, writeAll } = await openWriter(rowSink(server, { retryForMs: 2000 }), { environment })
  await writeAll(rowsOf(3))
  const failure = { code, operatorId: 'out', location: 'stream taxi', message: expect.stringContaining(message) }
  expect(await errorOf(Promise.resolve(writer.prepareCommit(1)))).toMatchObject(failure)
  await bell.wait()
  expect(() => writer.write(batchOf(rowsOf(1)), 0)).toThrow(expect.objectContaining({ code }))
})

test('one record that is refused for ever ends the job, although others go through', async () => {
  const { server } = await startStream(2, {
    faults: [{ fault: { kind: 'failedRecords', code: 'InternalFailure' } }],
  })
  const environment = hurriedEnvironment()
  const { writer, writeAll } = await openWriter(rowSink(server, { retryForMs: 2000 }), { environment })
  await writeAll(rowsOf(1))
  expect(await errorOf(Promise.resolve(writer.prepareCommit(1)))).toMatchObject({
    code: 'KINESIS_UNAVAILABLE',
    retryable: true,
    message: expect.stringContaining('InternalFailure'),
  })
})

test('a stream that does not exist is named', async () => {
  const { server } = await startStream()
  const { writer, writeAll } = await openWriter(rowSink(server, { stream: 'other' } as object))
  await writeAll(rowsOf(1))
  expect(await errorOf(Promise.resolve(writer.prepareCommit(1)))).toMatchObject({
    code: 'KINESIS_NOT_FOUND',
    retryable: false,
    message: expect.stringContaining('stream other'),
  })
})

test('explicit hash keys choose the shard, whatever the partition key is', async () => {
  const { server, client, shards } = await startStream(4)
  const starts = shards.map((shard) => BigInt(shard.HashKeyRange?.StartingHashKey ?? ''))
  const explicitHashKey = (row: Row): bigint | undefined => starts[row.n]
  const { writer, writeAll } = await openWriter(rowSink(server, { explicitHashKey, partitionKey: () => 'same' }))
  await writeAll(rowsOf(4))
  await writer.prepareCommit(1)
  const stored = await storedIn(client)
  expect(stored.map(({ shardId }) => shardId)).toEqual(shards.map((shard) => shard.ShardId))
})

test('random keys spread rows over the shards', async () => {
  const { server, client, shards } = await startStream(4)
  const { writer, writeAll } = await openWriter(rowSink(server, { partitionKey: 'random' }), {
    environment: hurriedEnvironment(1),
  })
  await writeAll(rowsOf(400))
  await writer.prepareCommit(1)
  const stored = await storedIn(client)
  const share = (shardId = '') => stored.filter((record) => record.shardId === shardId).length
  for (const { ShardId } of shards) expect(share(ShardId)).toBeGreaterThan(60)
  expect(stored).toHaveLength(400)
})

test('two sinks of one client share it, and leave it to its owner', async () => {
  const { server, client } = await startStream()
  await client.send(new CreateStreamCommand({ StreamName: 'second', ShardCount: 1 }))
  const own = { client, endpoint: undefined }
  for (const stream of [STREAM, 'second']) {
    const { writer, writeAll } = await openWriter(rowSink(server, { ...own, stream } as object))
    await writeAll(rowsOf(3))
    await writer.prepareCommit(1)
    await writer.close()
  }
  expect(rowsIn(await storedIn(client, 'second'))).toEqual(rowsOf(3))
})

test('closing ends calls under way and whoever waits for them', async () => {
  const { server } = await startStream(1, {
    faults: [{ operation: 'PutRecords', fault: { kind: 'slow', ms: 60_000 } }],
  })
  const { writer, writeAll } = await openWriter(rowSink(server))
  await writeAll(rowsOf(3))
  const flushed = errorOf(Promise.resolve(writer.prepareCommit(1)))
  await writer.close()
  expect(await flushed).toMatchObject({ code: 'SINK_CLOSED' })
})

test('aggregated rows are all there for a consumer that filters by hash range, in order, across splits and merges', async () => {
  const { server, client, shards } = await startStream(2)
  const sink = rowSink(server, { aggregate: { groups: 16 }, ordering: 'perKey' })
  const { writer, metrics, writeAll } = await openWriter(sink)
  const rows = rowsOf(3000, 40)
  await writeAll(rows.slice(0, 1000))
  const [first, second] = shards.map((shard) => shard.ShardId ?? '')
  const middle = BigInt(shards[0]?.HashKeyRange?.EndingHashKey ?? '') / 3n
  await client.send(
    new SplitShardCommand({ StreamName: STREAM, ShardToSplit: first, NewStartingHashKey: middle.toString() }),
  )
  await writeAll(rows.slice(1000, 2000))
  await client.send(
    new MergeShardsCommand({ StreamName: STREAM, ShardToMerge: 'shardId-000000000003', AdjacentShardToMerge: second }),
  )
  await writeAll(rows.slice(2000))
  await writer.prepareCommit(1)
  const stored = rowsIn(await storedIn(client))
  expect(numbersByKey(stored)).toEqual(numbersByKey(rows))
  // Several rows a record.
  expect(metrics.read()['records']).toBeLessThan(1500)
  expect(metrics.read()['rows']).toBe(3000)
})
