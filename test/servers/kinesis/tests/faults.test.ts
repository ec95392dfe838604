import { ListShardsCommand, ListStreamsCommand, PutRecordCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { expect, test } from 'vitest'
import { seededRandom } from '../../../../core/random.js'
import { virtualEnvironment } from '../../../../runtime/environment/virtual.js'
import type { KinesisFault, KinesisOperationName, LocalKinesisOptions } from '../index.js'
import { register, subscribe } from './fan-out.fixture.js'
import { createStream, errorOf, eventually, get, iterator, put, start, texts } from './fixture.js'

const StreamName = 'taxi'
const THROTTLED = 'ProvisionedThroughputExceededException'

async function ready(options: LocalKinesisOptions = {}, shards = 1) {
  const started = await start(options)
  await createStream(started.client, StreamName, shards)
  return { ...started, from: await iterator(started.client, { StreamName }) }
}

test.each([
  [{ kind: 'throttle' }, THROTTLED],
  [{ kind: 'kmsThrottle' }, 'KMSThrottlingException'],
  [{ kind: 'internalError' }, 'InternalFailure'],
  [{ kind: 'unavailable' }, 'ServiceUnavailableException'],
  [{ kind: 'expiredCredentials' }, 'ExpiredTokenException'],
  [{ kind: 'accessDenied' }, 'AccessDeniedException'],
  [{ kind: 'error', type: 'KMSDisabledException', status: 400, message: 'off' }, 'KMSDisabledException'],
] as const)('%j fails the call and applies nothing', async (fault, name) => {
  const { client, server, from } = await ready()
  const remove = server.faults.add({ operation: 'PutRecords', fault })
  expect((await errorOf(put(client, StreamName, ['a']))).name).toBe(name)
  expect(await texts(client, from)).toEqual([])
  expect(server.stats().faults).toEqual({ [fault.kind]: 1 })
  remove()
  expect(await put(client, StreamName, ['a'])).toEqual([expect.stringMatching(/^49/)])
})

test('what is not throttled by a shard is throttled by a limit of calls', async () => {
  const { client } = await ready({ faults: [{ operation: 'ListShards', nth: 2, fault: { kind: 'throttle' } }] })
  const error = await errorOf(client.send(new ListShardsCommand({ StreamName })))
  expect(error.name).toBe('LimitExceededException')
})

test('a reset before applying leaves nothing, a lost reply leaves the records', async () => {
  const { client, server, from } = await ready()
  server.faults.add({ operation: 'PutRecords', nth: 1, fault: { kind: 'resetBefore' } })
  server.faults.add({ operation: 'PutRecords', nth: 2, fault: { kind: 'replyLost' } })
  expect(await errorOf(put(client, StreamName, ['unwritten']))).toMatchObject({
    message: expect.stringMatching(/ECONN|hang up/),
  })
  expect(await errorOf(put(client, StreamName, ['written']))).toMatchObject({
    message: expect.stringMatching(/ECONN|hang up/),
  })
  expect(await texts(client, from)).toEqual(['written'])
})

test('a slow call is applied late, a slow reply comes after it was applied', async () => {
  const environment = virtualEnvironment()
  const { client, server } = await ready({ environment })
  const waits = (): Promise<void> => eventually(() => expect(environment.nextTimerAt).toBeDefined())
  server.faults.add({ operation: 'PutRecords', nth: 1, fault: { kind: 'slow', ms: 60_000 } })
  server.faults.add({ operation: 'PutRecords', nth: 2, fault: { kind: 'slow', ms: 5000, when: 'after' } })
  for (const [records, ms] of [
    [0, 60_000],
    [2, 5000],
  ] as const) {
    const call = put(client, StreamName, ['a'])
    await waits()
    expect(server.stats().records).toBe(records)
    await environment.advance(ms)
    await call
  }
})

test('calls wait for the latency', async () => {
  const environment = virtualEnvironment()
  const latencyMs = ({ shardId }: { shardId: string }): number => (shardId === 'shardId-000000000001' ? 200 : 0)
  const { client, from } = await ready({ environment, latencyMs }, 2)
  await get(client, from)
  const call = iterator(client, { StreamName, ShardId: 'shardId-000000000001' })
  await eventually(() => expect(environment.nextTimerAt).toBe(environment.clock.now() + 200))
  await environment.advance(200)
  const second = get(client, await call)
  await eventually(() => expect(environment.nextTimerAt).toBe(environment.clock.now() + 200))
  await environment.advance(200)
  await second
})

test('iterators expire for one call, or all at once', async () => {
  const { client, server, from } = await ready()
  server.faults.add({ times: 1, fault: { kind: 'expiredIterator' } })
  await client.send(new ListStreamsCommand({}))
  expect((await errorOf(get(client, from))).name).toBe('ExpiredIteratorException')
  const { NextShardIterator = '' } = await get(client, from)
  server.expireIterators()
  expect((await errorOf(get(client, from))).name).toBe('ExpiredIteratorException')
  expect((await errorOf(get(client, NextShardIterator))).name).toBe('ExpiredIteratorException')
  expect((await get(client, await iterator(client, { StreamName }))).Records).toEqual([])
})

test('PutRecords fails single records and stores the others', async () => {
  const faults = [{ fault: { kind: 'failedRecords', rate: 0.5 } }] as const
  const { client, from } = await ready({ faults, random: seededRandom(7) })
  const keys = Array.from({ length: 200 }, (_, index) => `${index}`)
  const Records = keys.map((key) => ({ Data: Buffer.from(key), PartitionKey: key }))
  const result = await client.send(new PutRecordsCommand({ StreamName, Records }))
  const codes = new Set(result.Records?.map((record) => record.ErrorCode))
  expect(codes).toEqual(new Set([undefined, THROTTLED, 'InternalFailure']))
  const stored = keys.filter((_, index) => result.Records?.[index]?.ErrorCode === undefined)
  expect(result.FailedRecordCount).toBe(keys.length - stored.length)
  expect(await texts(client, from)).toEqual(stored)
  const single = { StreamName, Data: Buffer.from('x'), PartitionKey: 'x' }
  expect((await client.send(new PutRecordCommand(single))).SequenceNumber).toMatch(/^49/)
})

test('the code of failed records can be chosen', async () => {
  const { client, server } = await ready()
  server.faults.add({ nth: 1, fault: { kind: 'failedRecords', code: 'InternalFailure' } })
  expect(await put(client, StreamName, ['a', 'b'])).toEqual(['InternalFailure', 'InternalFailure'])
  expect(await put(client, StreamName, ['a'])).toEqual([expect.stringMatching(/^49/)])
})

test.each([
  ['reset', /^(?!ended$)/],
  ['end', /^ended$/],
  [{ exception: 'InternalFailureException' }, /^InternalFailureException$/],
  [{ exception: 'ResourceNotFoundException', message: 'gone' }, /^ResourceNotFoundException$/],
] as const)('a subscription that breaks with %j has sent its events before', async (ending, expected) => {
  const { client, server } = await ready({ takeoverMs: 0 })
  const consumer = await register(client)
  server.faults.add({ consumer: 'reader', times: 1, fault: { kind: 'breakSubscription', afterEvents: 2, ending } })
  const subscription = await subscribe(client, { consumer })
  await eventually(() => expect(subscription.events).toHaveLength(1))
  await put(client, StreamName, ['a'])
  expect(await subscription.ending).toMatch(expected)
  const next = await subscribe(client, { consumer })
  await next.until(1)
  expect(next.texts()).toEqual(['a'])
})

test('a subscription can break before its first event, be refused, and be dropped later', async () => {
  const { client, server } = await ready({ takeoverMs: 0 })
  const consumer = await register(client)
  const operation = 'SubscribeToShard'
  server.faults.add({ operation, nth: 1, fault: { kind: 'throttle' } })
  server.faults.add({ operation, nth: 2, fault: { kind: 'breakSubscription', afterEvents: 0, ending: 'end' } })
  expect((await errorOf(subscribe(client, { consumer }))).name).toBe('LimitExceededException')
  const empty = await subscribe(client, { consumer })
  expect([await empty.ending, empty.events]).toEqual(['ended', []])
  const subscription = await subscribe(client, { consumer })
  expect(server.dropSubscriptions()).toBe(1)
  expect(await subscription.ending).not.toBe('ended')
  expect(server.dropSubscriptions()).toBe(0)
})

test('a rule picks by operation, stream, shard, consumer and count', async () => {
  const fault: KinesisFault = { kind: 'internalError' }
  const { client, server, from } = await ready({}, 2)
  const other = await iterator(client, { StreamName, ShardId: 'shardId-000000000001' })
  const consumers = [await register(client, 'a'), await register(client, 'b')]
  await client.send(new ListStreamsCommand({}))
  const fails = async (call: Promise<unknown>): Promise<boolean> => (await errorOf(call)).name === 'InternalFailure'
  server.faults.add({ operation: ['GetRecords', 'PutRecords'], shardId: 'shardId-000000000001', nth: [2, 3], fault })
  server.faults.add({ consumer: 'b', fault })
  server.faults.add({ stream: 'elsewhere', fault })
  expect(await fails(get(client, from))).toBe(false)
  const outcomes: boolean[] = []
  for (let call = 0; call < 4; call++) outcomes.push(await fails(get(client, other)))
  expect(outcomes).toEqual([false, true, true, false])
  const subscribed = consumers.map((consumer) => fails(subscribe(client, { consumer })))
  expect(await Promise.all(subscribed)).toEqual([false, true])
  expect(await fails(put(client, StreamName, ['a']))).toBe(false)
  expect(await fails(put(client, 'elsewhere', ['a']))).toBe(true)
  server.faults.clear()
  expect(await fails(put(client, 'elsewhere', ['a']))).toBe(false)
})

test('a hook sees what each call is about', async () => {
  const seen: string[] = []
  const { client, from } = await ready({
    faults: ({ operation, stream, shardId, consumer }) => {
      seen.push([operation, stream, shardId, consumer].join(' ').trimEnd())
      return undefined
    },
  })
  await subscribe(client, { consumer: await register(client) })
  await get(client, from)
  expect(seen).toEqual([
    'CreateStream taxi',
    'ListShards taxi',
    'GetShardIterator taxi shardId-000000000000',
    'RegisterStreamConsumer taxi  reader',
    'SubscribeToShard taxi shardId-000000000000 reader',
    'GetRecords taxi shardId-000000000000',
  ])
})

test('random faults are those of the seed', async () => {
  const run = async (seed: number): Promise<readonly string[]> => {
    const operation: KinesisOperationName = 'PutRecords'
    const faults = [{ operation, rate: 0.5, fault: { kind: 'throttle' } }] as const
    const { client } = await ready({ random: seededRandom(seed), faults })
    const ended: string[] = []
    for (let call = 0; call < 40; call++) ended.push((await errorOf(put(client, StreamName, ['a']))).name)
    return ended
  }
  const [first, again, other] = [await run(1), await run(1), await run(2)]
  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
  expect(new Set(first)).toEqual(new Set(['nothing was thrown', THROTTLED]))
})
