import { PutRecordCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { expect, test } from 'vitest'
import type { LocalKinesisOptions } from '../index.js'
import { createStream, errorOf, get, iterator, manualClock, put, start } from './fixture.js'

const StreamName = 'taxi'
const MIB = 1024 * 1024
const THROTTLED = 'ProvisionedThroughputExceededException'

async function throttled(limits: LocalKinesisOptions['limits']) {
  const clock = manualClock()
  const { client } = await start({ environment: clock.environment, limits: limits ?? true })
  await createStream(client, StreamName, 1)
  return { clock, client }
}

test('a shard takes five GetRecords calls a second', async () => {
  const { clock, client } = await throttled(true)
  const from = await iterator(client, { StreamName })
  for (let call = 0; call < 5; call++) await get(client, from)
  expect(await errorOf(get(client, from))).toEqual({
    name: THROTTLED,
    message: 'Rate exceeded for shard shardId-000000000000 in stream taxi under account 000000000000.',
  })
  clock.nowMs += 199
  expect((await errorOf(get(client, from))).name).toBe(THROTTLED)
  clock.nowMs += 1
  expect((await get(client, from)).Records).toEqual([])
})

test('a read of 10 MB is paid for by the calls of the next seconds', async () => {
  const { clock, client } = await throttled({ writeBytes: Number.POSITIVE_INFINITY })
  const Records = [1, 2, 3, 4, 5].map(() => ({ Data: Buffer.alloc(MIB - 1), PartitionKey: 'k' }))
  for (let call = 0; call < 2; call++) await client.send(new PutRecordsCommand({ StreamName, Records }))
  const first = await get(client, await iterator(client, { StreamName }))
  expect(first.Records).toHaveLength(10)
  clock.nowMs += 4000
  expect((await errorOf(get(client, first.NextShardIterator ?? ''))).name).toBe(THROTTLED)
  clock.nowMs += 1
  expect((await get(client, first.NextShardIterator ?? '')).MillisBehindLatest).toBe(0)
})

test('records over the rate of a shard fail one by one in PutRecords', async () => {
  const { clock, client } = await throttled({ writeRecords: 3 })
  const Records = ['a', 'b', 'c', 'd', 'e'].map((text) => ({ Data: Buffer.from(text), PartitionKey: text }))
  const result = await client.send(new PutRecordsCommand({ StreamName, Records }))
  expect(result.FailedRecordCount).toBe(2)
  expect(result.Records?.map((record) => record.ErrorCode)).toEqual([
    undefined,
    undefined,
    undefined,
    THROTTLED,
    THROTTLED,
  ])
  expect(result.Records?.[3]?.SequenceNumber).toBeUndefined()
  const single = { StreamName, Data: Buffer.from('f'), PartitionKey: 'f' }
  expect((await errorOf(client.send(new PutRecordCommand(single)))).name).toBe(THROTTLED)
  clock.nowMs += 1000
  expect((await client.send(new PutRecordCommand(single))).SequenceNumber).toMatch(/^49/)
  const read = await get(client, await iterator(client, { StreamName }))
  expect(read.Records?.map((record) => record.PartitionKey)).toEqual(['a', 'b', 'c', 'f'])
})

test('a shard takes 1 MB and 1000 records a second', async () => {
  const { clock, client } = await throttled(true)
  const half = { Data: Buffer.alloc(MIB / 2 - 1), PartitionKey: 'k' }
  const bytes = await client.send(new PutRecordsCommand({ StreamName, Records: [half, half, half] }))
  expect(bytes.Records?.map((record) => record.ErrorCode)).toEqual([undefined, undefined, THROTTLED])
  clock.nowMs += 1000
  const texts = Array.from({ length: 500 }, (_, index) => `${index}`)
  const results = [...(await put(client, StreamName, texts)), ...(await put(client, StreamName, texts))]
  expect(results).not.toContain(THROTTLED)
  expect(await put(client, StreamName, ['one more'])).toEqual([THROTTLED])
})

test('limits are off by default', async () => {
  const clock = manualClock()
  const { client } = await start({ environment: clock.environment })
  await createStream(client, StreamName, 1)
  const texts = Array.from({ length: 500 }, (_, index) => `${index}`)
  for (let call = 0; call < 4; call++) expect(await put(client, StreamName, texts)).not.toContain(THROTTLED)
  const from = await iterator(client, { StreamName })
  for (let call = 0; call < 20; call++) expect((await get(client, from)).Records).toHaveLength(2000)
})
