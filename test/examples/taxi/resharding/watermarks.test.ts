import { ListShardsCommand, PutRecordsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis'
import { defineJob, markers, minutes, type Sink, seconds } from 'tidemark'
import { kinesis } from 'tidemark/kinesis'
import { run } from 'tidemark/run'
import { startLocalKinesis } from 'tidemark/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { decodeTaxiEvent, encodeTaxiEvent, type TaxiEvent } from '../../../../examples/taxi/events/index.js'
import { kinesisAt, waitForStream } from '../../../../examples/taxi/replay/index.js'
import { START, tripAt } from '../replay/fixture.js'
import { passingTime } from './passing-time.js'

const SECOND = 1000
const marker = (second: number): TaxiEvent => ({ type: 'watermark', watermark: START + second * SECOND })
const stream = 'taxi'

/** A sink that takes nothing until it is opened. */
function gate() {
  const wakes = new Set<() => void>()
  const taken: TaxiEvent[] = []
  let isOpen = true
  const sink: Sink<TaxiEvent> = {
    kind: 'gate',
    guarantee: 'at-least-once',
    write: ({ wake }) => {
      wakes.add(wake)
      return {
        write(batch, from) {
          if (!isOpen) return from
          for (let index = from; index < batch.length; index++) taken.push(batch.values[index] as TaxiEvent)
          return batch.length
        },
        prepareCommit: () => [],
        close: () => undefined,
      }
    },
  }
  return {
    sink,
    taken,
    shut(): void {
      isOpen = false
    },
    open(): void {
      isOpen = true
      for (const wake of wakes) wake()
    },
  }
}

/** A job that copies a stream of two shards, on virtual time; a shard is idle after a minute. */
async function copying({ parallelism = 1 } = {}) {
  const time = passingTime()
  const { environment } = time
  const server = await startLocalKinesis({ environment })
  const client = kinesisAt(server.url)
  const reader = kinesisAt(server.url)
  time.watch(client)
  onTestFinished(async () => {
    client.destroy()
    reader.destroy()
    await server.close()
  })
  await waitForStream(reader, stream, { createShards: 2 })
  const out = gate()
  const job = defineJob('copy', (job) => {
    const source = kinesis({ stream, client, startAt: 'horizon', decode: decodeTaxiEvent })
    const eventTime = markers<TaxiEvent>({
      timestamp: (event) => (event.type === 'trip' ? event.dropoffTime : event.watermark),
      watermark: (event) => (event.type === 'watermark' ? event.watermark : undefined),
      idleAfter: minutes(1),
    })
    job.from('events', source, eventTime).to('out', out.sink)
  })
  const handle = await run(job, { parallelism, environment, checkpoints: { interval: seconds(5) }, logger: SILENT })
  handle.result.catch(ignore)
  onTestFinished(() => handle.cancel().then(ignore, ignore))
  return {
    ...out,
    pass: time.pass,
    handle,
    /** Seconds since the start of the trips, undefined before the first watermark. */
    watermark(): number | undefined {
      const { watermark } = handle.progress()
      return watermark === undefined ? undefined : (watermark - START) / SECOND
    },
    /** Into the open shard with this number, by hash range. */
    async put(shard: number, ...events: readonly TaxiEvent[]): Promise<void> {
      const { Shards = [] } = await reader.send(new ListShardsCommand({ StreamName: stream }))
      const starts = Shards.filter(({ SequenceNumberRange }) => !SequenceNumberRange?.EndingSequenceNumber)
        .map(({ HashKeyRange }) => BigInt(HashKeyRange?.StartingHashKey ?? 0))
        .sort((one, other) => (one < other ? -1 : 1))
      const ExplicitHashKey = String(starts[shard])
      const Records = events.map((event) => ({ Data: encodeTaxiEvent(event), PartitionKey: 'x', ExplicitHashKey }))
      await reader.send(new PutRecordsCommand({ StreamName: stream, Records }))
    },
    async split(id: number): Promise<void> {
      const ShardToSplit = `shardId-00000000000${id}`
      const { Shards = [] } = await reader.send(new ListShardsCommand({ StreamName: stream }))
      const range = Shards.find(({ ShardId }) => ShardId === ShardToSplit)?.HashKeyRange
      const middle = (BigInt(range?.StartingHashKey ?? 0) + BigInt(range?.EndingHashKey ?? 0)) / 2n
      const NewStartingHashKey = middle.toString()
      await reader.send(new SplitShardCommand({ StreamName: stream, ShardToSplit, NewStartingHashKey }))
    },
  }
}

describe.each([1, 3])('the watermark of a stream, at parallelism %d', (parallelism) => {
  it('is held back by an empty shard for the idle time, and no longer', async () => {
    const { put, pass, watermark } = await copying({ parallelism })
    for (let second = 0; second < 70; second += 5) {
      await put(0, tripAt(START + second * SECOND, second), marker(second))
      await pass(5 * SECOND)
      if (second < 50) expect(watermark()).toBeUndefined()
    }
    expect(watermark()).toBe(65)
  })

  it('is held back by a new shard for the idle time, and no longer', async () => {
    const { put, pass, split, watermark } = await copying({ parallelism })
    await put(0, marker(1))
    await put(1, marker(1000))
    await pass(10 * SECOND)
    expect(watermark()).toBe(1)
    await split(0)
    // One child has what its parent had, the other one has nothing.
    for (let second = 10; second < 90; second += 5) {
      await put(0, tripAt(START + second * SECOND, second), marker(second))
      await put(2, marker(1000 + second))
      await pass(5 * SECOND)
      if (second < 60) expect(watermark()).toBe(1)
    }
    expect(watermark()).toBe(85)
  })

  it('does not pass what a stalled sink has left on its way', async () => {
    const { put, pass, shut, open, split, taken, watermark } = await copying({ parallelism })
    await put(0, marker(1))
    await put(1, marker(2))
    await pass(10 * SECOND)
    expect(watermark()).toBe(1)
    shut()
    for (let second = 10; second < 40; second += 10) {
      await put(0, tripAt(START + second * SECOND, second), marker(second))
      await put(1, tripAt(START + (second + 5) * SECOND, second), marker(second + 1000))
    }
    await split(0)
    await put(0, tripAt(START + 50 * SECOND, 50))
    // Long enough for every shard to have fallen idle twice over, if it could.
    await pass(200 * SECOND)
    expect(watermark()).toBeLessThan(10)
    expect(taken).toHaveLength(2)
    open()
    await pass(10 * SECOND)
    expect(taken).toHaveLength(2 + 3 * 4 + 1)
    expect(watermark()).toBeLessThan(50)
  })
})

const ignore = (): void => undefined
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore }
