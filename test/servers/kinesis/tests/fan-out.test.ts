import {
  DeleteStreamCommand,
  DeregisterStreamConsumerCommand,
  KinesisClient,
  MergeShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { virtualEnvironment } from '../../../../runtime/environment/virtual.js'
import { localKinesisClient } from '../client.js'
import { type LocalKinesis, type LocalKinesisOptions, startLocalKinesis } from '../index.js'
import { register, type Subscribed, type Subscribing, subscribe } from './fan-out.fixture.js'
import { createStream, errorOf, eventually, manualClock, put } from './fixture.js'

const StreamName = 'taxi'
const QUARTER = (2n ** 126n).toString()

/** Over HTTP/2, as the SDK has it by itself, and over HTTP/1.1. */
const CLIENTS: readonly (readonly [string, (url: string) => KinesisClient])[] = [
  ['HTTP/1.1', localKinesisClient],
  ['HTTP/2', http2Client],
]

function http2Client(url: string): KinesisClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  return new KinesisClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 })
}

interface Ready {
  readonly server: LocalKinesis
  readonly client: KinesisClient
  readonly consumer: Subscribing['consumer']
}

describe.each(CLIENTS)('SubscribeToShard over %s', (_, clientOf) => {
  async function ready(options: LocalKinesisOptions = {}, shards = 1): Promise<Ready> {
    const server = await startLocalKinesis(options)
    const client = clientOf(server.url)
    onTestFinished(async () => {
      client.destroy()
      await server.close()
    })
    await createStream(client, StreamName, shards)
    return { server, client, consumer: await register(client) }
  }

  test('pushes what is there, and what comes', async () => {
    const { client, consumer } = await ready()
    await put(client, StreamName, ['a', 'b'], 'k')
    const subscription = await subscribe(client, { consumer })
    await subscription.until(2)
    const numbers = await put(client, StreamName, ['c'], 'k')
    await subscription.until(3)
    expect(subscription.texts()).toEqual(['a', 'b', 'c'])
    const last = subscription.events.at(-1)
    expect(last).toMatchObject({ MillisBehindLatest: 0, ContinuationSequenceNumber: numbers[0] })
    expect(last?.Records?.[0]).toMatchObject({ PartitionKey: 'k', SequenceNumber: numbers[0] })
    expect(last?.Records?.[0]?.ApproximateArrivalTimestamp).toBeInstanceOf(Date)
  })

  test('begins where it is told to', async () => {
    const clock = manualClock()
    const { client, consumer } = await ready({ environment: clock.environment })
    const numbers = await put(client, StreamName, ['a', 'b', 'c'], 'k')
    clock.nowMs += 60_000
    await put(client, StreamName, ['d'], 'k')
    const from = async (start: Omit<Subscribing, 'consumer'>, records: number): Promise<readonly string[]> => {
      clock.nowMs += 5000
      const subscription = await subscribe(client, { consumer, ...start })
      await subscription.until(records)
      return subscription.texts()
    }
    expect(await from({ type: 'TRIM_HORIZON' }, 4)).toEqual(['a', 'b', 'c', 'd'])
    expect(await from({ type: 'AT_SEQUENCE_NUMBER', sequenceNumber: numbers[1] }, 3)).toEqual(['b', 'c', 'd'])
    expect(await from({ type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber: numbers[1] }, 2)).toEqual(['c', 'd'])
    const timestamp = new Date(clock.nowMs - 30_000)
    expect(await from({ type: 'AT_TIMESTAMP', timestamp }, 1)).toEqual(['d'])
    const latest = await subscribe(client, { consumer: await register(client, 'latest'), type: 'LATEST' })
    await put(client, StreamName, ['e'], 'k')
    await latest.until(1)
    expect(latest.texts()).toEqual(['e'])
  })

  test('every event says where to go on, also one without records', async () => {
    const { client, consumer } = await ready({ takeoverMs: 0 })
    const start = async (type: 'LATEST' | 'AFTER_SEQUENCE_NUMBER', sequenceNumber?: string): Promise<Subscribed> => {
      const subscription = await subscribe(client, { consumer, type, sequenceNumber })
      await eventually(() => expect(subscription.events).not.toEqual([]))
      return subscription
    }
    await put(client, StreamName, ['before'], 'k')
    const first = await start('LATEST')
    expect(first.events[0]).toMatchObject({ Records: [], MillisBehindLatest: 0 })
    first.leave()
    await put(client, StreamName, ['between'], 'k')
    const second = await start('AFTER_SEQUENCE_NUMBER', first.events[0]?.ContinuationSequenceNumber)
    expect(second.texts()).toEqual(['between'])
    const third = await start('AFTER_SEQUENCE_NUMBER', second.events[0]?.ContinuationSequenceNumber)
    expect(third.events[0]?.Records).toEqual([])
    expect(await second.ending).toBe('ResourceInUseException')
  })

  test('ends with the children when the shard is closed, read or unread', async () => {
    const { client, consumer } = await ready()
    const waiting = await subscribe(client, { consumer, type: 'LATEST' })
    await put(client, StreamName, ['a'], 'k')
    await waiting.until(1)
    const split = { StreamName, ShardToSplit: 'shardId-000000000000', NewStartingHashKey: QUARTER }
    await client.send(new SplitShardCommand(split))
    expect(await waiting.ending).toBe('ended')
    const children = [
      { ShardId: 'shardId-000000000001', ParentShards: ['shardId-000000000000'] },
      { ShardId: 'shardId-000000000002', ParentShards: ['shardId-000000000000'] },
    ]
    const end = waiting.events.at(-1)
    expect(end).toMatchObject({ Records: [], MillisBehindLatest: 0, ChildShards: children })
    expect(end?.ContinuationSequenceNumber ?? undefined).toBeUndefined()

    const late = await subscribe(client, { consumer: await register(client, 'late') })
    expect(await late.ending).toBe('ended')
    expect(late.texts()).toEqual(['a'])
    expect(late.events.at(-1)).toMatchObject({ ChildShards: children })

    const [left, right] = ['shardId-000000000001', 'shardId-000000000002']
    await client.send(new MergeShardsCommand({ StreamName, ShardToMerge: left, AdjacentShardToMerge: right }))
    const child = await subscribe(client, { consumer, shardId: right })
    expect(await child.ending).toBe('ended')
    expect(child.events.at(-1)?.ChildShards).toMatchObject([{ ParentShards: [left, right] }])
  })

  test('ends when its time is over, and goes on in the next one', async () => {
    const { client, consumer } = await ready({ subscriptionMs: 50, takeoverMs: 0 })
    const first = await subscribe(client, { consumer })
    expect(await first.ending).toBe('ended')
    await put(client, StreamName, ['a'], 'k')
    const sequenceNumber = first.events.at(-1)?.ContinuationSequenceNumber
    const second = await subscribe(client, { consumer, type: 'AFTER_SEQUENCE_NUMBER', sequenceNumber })
    expect(await second.ending).toBe('ended')
    expect(second.texts()).toEqual(['a'])
  })

  test('a consumer has one subscription to a shard: a second one within five seconds is refused, later it takes over', async () => {
    const clock = manualClock()
    const { server, client, consumer } = await ready({ environment: clock.environment }, 2)
    const first = await subscribe(client, { consumer })
    clock.nowMs += 4999
    expect(await errorOf(subscribe(client, { consumer }))).toEqual({
      name: 'ResourceInUseException',
      message: `Another active subscription exists for this consumer: ${consumer.ConsumerARN}, shard shardId-000000000000.`,
    })
    await subscribe(client, { consumer, shardId: 'shardId-000000000001' })
    await subscribe(client, { consumer: await register(client, 'other') })
    clock.nowMs += 1
    const second = await subscribe(client, { consumer })
    expect(await first.ending).toBe('ResourceInUseException')
    await put(client, StreamName, ['a'], 'a')
    await eventually(() => expect(second.texts()).toEqual(['a']))
    expect(server.stats().subscriptions).toBe(3)
  })

  test('a client that goes away ends its subscription', async () => {
    const { server, client, consumer } = await ready()
    const subscription = await subscribe(client, { consumer })
    expect(server.stats().subscriptions).toBe(1)
    subscription.leave()
    await eventually(() => expect(server.stats().subscriptions).toBe(0))
  })

  test('a consumer or a stream that goes away ends its subscriptions', async () => {
    const { client, consumer } = await ready({ takeoverMs: 0 })
    const first = await subscribe(client, { consumer })
    await client.send(new DeregisterStreamConsumerCommand({ ConsumerARN: consumer.ConsumerARN }))
    expect(await first.ending).toBe('ResourceNotFoundException')
    expect((await errorOf(subscribe(client, { consumer }))).name).toBe('ResourceNotFoundException')
    const second = await subscribe(client, { consumer: await register(client) })
    await client.send(new DeleteStreamCommand({ StreamName, EnforceConsumerDeletion: true }))
    expect(await second.ending).toBe('ResourceNotFoundException')
  })

  test('large backlogs come in events of a megabyte', async () => {
    const { client, consumer } = await ready()
    const Records = Array.from({ length: 5 }, (_, fill) => ({ Data: Buffer.alloc(400_000, fill), PartitionKey: 'k' }))
    for (let call = 0; call < 4; call++) await client.send(new PutRecordsCommand({ StreamName, Records }))
    const subscription = await subscribe(client, { consumer })
    await subscription.until(20)
    expect(subscription.events.map((event) => event.Records?.length)).toEqual(Array.from({ length: 10 }, () => 2))
    expect(subscription.events[0]?.MillisBehindLatest).toBeGreaterThan(0)
    expect(subscription.events.at(-1)?.MillisBehindLatest).toBe(0)
  })

  test('with limits a consumer gets 2 MB a second of a shard', async () => {
    const environment = virtualEnvironment()
    const limits = { writeBytes: Number.POSITIVE_INFINITY }
    const { client, consumer } = await ready({ environment, limits, heartbeatMs: 600_000 })
    const Records = Array.from({ length: 5 }, () => ({ Data: Buffer.alloc(1024 * 1024 - 1), PartitionKey: 'k' }))
    await client.send(new PutRecordsCommand({ StreamName, Records }))
    const subscription = await subscribe(client, { consumer })
    await subscription.until(2)
    const before = environment.clock.now()
    await eventually(() => expect(environment.nextTimerAt).toBe(before + 1))
    await environment.advance(1)
    await subscription.until(3)
    await eventually(() => expect(environment.nextTimerAt).toBe(before + 501))
    await environment.advance(1000)
    await subscription.until(5)
  })

  test('a quiet subscription gets an empty event now and then', async () => {
    const environment = virtualEnvironment()
    const { client, consumer } = await ready({ environment })
    const subscription = await subscribe(client, { consumer })
    for (let events = 1; events < 4; events++) {
      await eventually(() => expect(subscription.events).toHaveLength(events))
      await eventually(() => expect(environment.nextTimerAt).toBe(environment.clock.now() + 5000))
      await environment.advance(5000)
    }
  })
})
