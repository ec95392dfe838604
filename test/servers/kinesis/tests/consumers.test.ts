import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DeregisterStreamConsumerCommand,
  type DeregisterStreamConsumerCommandInput,
  DescribeStreamConsumerCommand,
  type DescribeStreamConsumerCommandInput,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListStreamConsumersCommand,
  type ListStreamConsumersCommandInput,
} from '@aws-sdk/client-kinesis'
import { expect, test } from 'vitest'
import type { LocalKinesisOptions } from '../index.js'
import { register, STREAM_ARN, subscribe } from './fan-out.fixture.js'
import { createStream, errorOf, type ManualClock, manualClock, START_MS, start } from './fixture.js'

interface Ready {
  readonly clock: ManualClock
  readonly client: KinesisClient
}

async function ready(options: LocalKinesisOptions = {}): Promise<Ready> {
  const clock = manualClock()
  const { client } = await start({ environment: clock.environment, ...options })
  await createStream(client, 'taxi', 1)
  return { clock, client }
}

async function describeConsumer(client: KinesisClient, input: DescribeStreamConsumerCommandInput) {
  return (await client.send(new DescribeStreamConsumerCommand(input))).ConsumerDescription
}

const deregister = (client: KinesisClient, input: DeregisterStreamConsumerCommandInput): Promise<unknown> =>
  client.send(new DeregisterStreamConsumerCommand(input))

const list = (client: KinesisClient, input: Partial<ListStreamConsumersCommandInput> = {}) =>
  client.send(new ListStreamConsumersCommand({ StreamARN: STREAM_ARN, ...input }))

async function names(client: KinesisClient): Promise<readonly (string | undefined)[]> {
  return (await list(client)).Consumers?.map((consumer) => consumer.ConsumerName) ?? []
}

test('a consumer is registered, described by either name, listed, counted and deregistered', async () => {
  const { client } = await ready()
  const consumer = await register(client)
  const ConsumerARN = `${STREAM_ARN}/consumer/reader:${START_MS / 1000}`
  expect(consumer).toEqual({
    ConsumerName: 'reader',
    ConsumerARN,
    ConsumerStatus: 'ACTIVE',
    ConsumerCreationTimestamp: new Date(START_MS),
  })
  const described = { ...consumer, StreamARN: STREAM_ARN }
  expect(await describeConsumer(client, { ConsumerARN })).toEqual(described)
  expect(await describeConsumer(client, { StreamARN: STREAM_ARN, ConsumerName: 'reader' })).toEqual(described)
  expect((await list(client)).Consumers).toEqual([consumer])
  const summary = await client.send(new DescribeStreamSummaryCommand({ StreamName: 'taxi' }))
  expect(summary.StreamDescriptionSummary?.ConsumerCount).toBe(1)
  await deregister(client, { StreamARN: STREAM_ARN, ConsumerName: 'reader' })
  expect(await names(client)).toEqual([])
  expect((await errorOf(describeConsumer(client, { ConsumerARN }))).name).toBe('ResourceNotFoundException')
})

test('a consumer that is registered again is another one', async () => {
  const { client } = await ready()
  const first = await register(client)
  await deregister(client, { ConsumerARN: first.ConsumerARN })
  const second = await register(client)
  expect(second.ConsumerARN).not.toBe(first.ConsumerARN)
  expect((await errorOf(subscribe(client, { consumer: first }))).name).toBe('ResourceNotFoundException')
})

test('a consumer is CREATING and DELETING for as long as asked for', async () => {
  const { clock, client } = await ready({ consumerCreationMs: 1000, consumerDeletionMs: 2000 })
  const consumer = await register(client)
  const { ConsumerARN } = consumer
  const status = async () => (await describeConsumer(client, { ConsumerARN }))?.ConsumerStatus
  expect([consumer.ConsumerStatus, await status()]).toEqual(['CREATING', 'CREATING'])
  expect((await errorOf(subscribe(client, { consumer }))).name).toBe('ResourceInUseException')
  expect((await errorOf(deregister(client, { ConsumerARN }))).name).toBe('ResourceInUseException')
  clock.nowMs += 1000
  expect(await status()).toBe('ACTIVE')
  await subscribe(client, { consumer })
  await deregister(client, { ConsumerARN })
  expect(await status()).toBe('DELETING')
  expect((await errorOf(register(client))).name).toBe('ResourceInUseException')
  await deregister(client, { ConsumerARN })
  clock.nowMs += 2000
  expect(await names(client)).toEqual([])
  await register(client)
})

test('a stream has at most 20 consumers, and five in creation', async () => {
  const { clock, client } = await ready({ consumerCreationMs: 1000 })
  for (let count = 0; count < 20; count++) {
    if (count % 5 === 0) clock.nowMs += 1000
    await register(client, `reader-${count}`)
    if (count === 4) expect((await errorOf(register(client, 'sixth'))).name).toBe('LimitExceededException')
  }
  clock.nowMs += 1000
  expect(await errorOf(register(client, 'one-more'))).toEqual({
    name: 'LimitExceededException',
    message: 'stream taxi under account 000000000000 has 20 registered consumers; 20 are allowed.',
  })
})

test('listings come in pages, whose tokens expire', async () => {
  const { clock, client } = await ready()
  for (const name of ['c', 'a', 'b']) await register(client, name)
  const first = await list(client, { MaxResults: 2 })
  expect(first.Consumers?.map((consumer) => consumer.ConsumerName)).toEqual(['a', 'b'])
  const { NextToken } = first
  const second = await list(client, { NextToken })
  expect([second.Consumers?.map((consumer) => consumer.ConsumerName), second.NextToken]).toEqual([['c'], undefined])
  expect((await errorOf(list(client, { NextToken: 'made up' }))).name).toBe('InvalidArgumentException')
  await client.send(new CreateStreamCommand({ StreamName: 'other', ShardCount: 1 }))
  const StreamARN = STREAM_ARN.replace('taxi', 'other')
  expect((await errorOf(list(client, { StreamARN, NextToken }))).name).toBe('InvalidArgumentException')
  clock.nowMs += 300_001
  expect((await errorOf(list(client, { NextToken }))).name).toBe('ExpiredNextTokenException')
})

test('a stream with consumers is deleted only when that is asked for', async () => {
  const { client } = await ready()
  await register(client)
  const remove = (EnforceConsumerDeletion?: boolean): Promise<unknown> =>
    client.send(new DeleteStreamCommand({ StreamName: 'taxi', EnforceConsumerDeletion }))
  expect((await errorOf(remove())).name).toBe('ResourceInUseException')
  expect((await errorOf(remove(false))).name).toBe('ResourceInUseException')
  await remove(true)
  await createStream(client, 'taxi', 1)
  expect(await names(client)).toEqual([])
})

test('wrong calls fail with the errors of Kinesis', async () => {
  const { client } = await ready()
  const consumer = await register(client)
  const { ConsumerARN } = consumer
  const other = await register(client, 'other')
  const elsewhere = STREAM_ARN.replace('taxi', 'nowhere')
  const wrong: readonly (readonly [string, Promise<unknown>])[] = [
    ['ResourceInUseException', register(client)],
    ['ValidationException', register(client, 'no good')],
    ['ValidationException', register(client, 'x'.repeat(129))],
    ['ResourceNotFoundException', list(client, { StreamARN: elsewhere })],
    ['ResourceNotFoundException', list(client, { StreamCreationTimestamp: new Date(START_MS + 1000) })],
    ['ValidationException', list(client, { MaxResults: 0 })],
    ['ValidationException', list(client, { StreamARN: 'taxi' })],
    ['InvalidArgumentException', describeConsumer(client, {})],
    ['InvalidArgumentException', describeConsumer(client, { StreamARN: STREAM_ARN })],
    ['InvalidArgumentException', describeConsumer(client, { ConsumerARN, ConsumerName: 'other' })],
    ['InvalidArgumentException', deregister(client, { ConsumerARN, StreamARN: elsewhere })],
    ['ResourceNotFoundException', describeConsumer(client, { StreamARN: STREAM_ARN, ConsumerName: 'nobody' })],
    ['ResourceNotFoundException', describeConsumer(client, { StreamARN: elsewhere, ConsumerName: 'reader' })],
    ['ResourceNotFoundException', deregister(client, { ConsumerARN: `${STREAM_ARN}/consumer/reader:5` })],
    ['ValidationException', describeConsumer(client, { ConsumerARN: STREAM_ARN })],
    ['ResourceNotFoundException', subscribe(client, { consumer, shardId: 'shardId-000000000009' })],
    ['ValidationException', subscribe(client, { consumer, shardId: '' })],
    ['ValidationException', subscribe(client, { consumer: { ConsumerARN: undefined } })],
    ['ValidationException', subscribe(client, { consumer, type: 'SOMEWHERE' as 'LATEST' })],
    ['ValidationException', subscribe(client, { consumer, type: 'AT_SEQUENCE_NUMBER', sequenceNumber: 'x' })],
    ['InvalidArgumentException', subscribe(client, { consumer, type: 'AT_SEQUENCE_NUMBER' })],
    ['InvalidArgumentException', subscribe(client, { consumer, type: 'AT_SEQUENCE_NUMBER', sequenceNumber: '1' })],
    ['InvalidArgumentException', subscribe(client, { consumer, type: 'LATEST', sequenceNumber: '1' })],
    ['InvalidArgumentException', subscribe(client, { consumer, type: 'AT_TIMESTAMP' })],
    [
      'InvalidArgumentException',
      subscribe(client, { consumer, type: 'AT_TIMESTAMP', timestamp: new Date(START_MS + 1) }),
    ],
  ]
  const found = await Promise.all(wrong.map(async ([, call]) => (await errorOf(call)).name))
  expect(found).toEqual(wrong.map(([name]) => name))
  await subscribe(client, { consumer: other })
})
