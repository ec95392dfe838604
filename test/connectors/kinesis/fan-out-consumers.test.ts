import {
  CreateStreamCommand,
  DeregisterStreamConsumerCommand,
  ListStreamConsumersCommand,
  RegisterStreamConsumerCommand,
} from '@aws-sdk/client-kinesis'
import { describe, expect, test } from 'vitest'
import type { KinesisFanOut } from '../../../connectors/kinesis/index.js'
import { kinesis } from '../../../connectors/kinesis/index.js'
import { decodeUtf8 } from '../../../core/decode/index.js'
import type { LocalKinesisOptions } from '../../servers/kinesis/index.js'
import {
  type ContextOptions,
  discover,
  errorOf,
  type Fixture,
  openReader,
  put,
  STREAM,
  startStream as startServer,
  textSource,
} from './fixture.js'

const NAME = 'job'

function startStream(options: LocalKinesisOptions = {}): Promise<Fixture> {
  return startServer(1, { takeoverMs: 0, heartbeatMs: 20, ...options })
}

function source(server: { readonly url: string }, fanOut: KinesisFanOut = { consumerName: NAME }) {
  return textSource(server, { fanOut } as never)
}

function arnOf(stream: string): string {
  return `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`
}

async function consumers({ client }: Fixture) {
  const { Consumers = [] } = await client.send(new ListStreamConsumersCommand({ StreamARN: arnOf(STREAM) }))
  return Consumers.map(({ ConsumerName, ConsumerARN = '', ConsumerStatus }) => ({
    name: ConsumerName,
    arn: ConsumerARN,
    status: ConsumerStatus,
  }))
}

async function register({ client }: Fixture, stream = STREAM, name = NAME): Promise<string> {
  const command = new RegisterStreamConsumerCommand({ StreamARN: arnOf(stream), ConsumerName: name })
  return (await client.send(command)).Consumer?.ConsumerARN ?? ''
}

/** The enumerator of a job that goes on from a checkpoint of the one before. */
async function restarted(pushed: ReturnType<typeof source>, before: { snapshot?(): unknown }, lineage = 'lineage') {
  const options: ContextOptions = { restored: structuredClone(before.snapshot?.()), lineage }
  return discover(pushed, options)
}

describe('a consumer of the job', () => {
  test('is registered, and nothing is read before it is active', async () => {
    const fixture = await startStream({ consumerCreationMs: 100 })
    await put(fixture.client, ['a'])
    const pushed = source(fixture.server)
    const { splits } = await discover(pushed)
    expect(await consumers(fixture)).toMatchObject([{ name: NAME, status: 'ACTIVE' }])
    const open = await openReader(pushed, splits[0]!)
    expect(await open.until(() => open.polled.length === 1)).toEqual(['a'])
  })

  test('outlives a stop, a failure and a restart, and goes when the job has finished', async () => {
    const fixture = await startStream()
    const pushed = source(fixture.server)
    const { enumerator } = await discover(pushed)
    const [registered] = await consumers(fixture)
    await enumerator.close?.('unfinished')
    expect(await consumers(fixture)).toEqual([registered])
    const again = await restarted(pushed, enumerator)
    expect(await consumers(fixture)).toEqual([registered])
    await again.enumerator.close?.('finished')
    expect(await consumers(fixture)).toEqual([])
  })

  test('stays where that is asked for', async () => {
    const fixture = await startStream()
    const { enumerator } = await discover(source(fixture.server, { consumerName: NAME, deregister: 'never' }))
    await enumerator.close?.('finished')
    expect(await consumers(fixture)).toHaveLength(1)
  })

  test('is not deregistered by a job that was forked from it', async () => {
    const fixture = await startStream()
    const pushed = source(fixture.server)
    const { enumerator } = await discover(pushed)
    const forked = await restarted(pushed, enumerator, 'another')
    await forked.enumerator.close?.('finished')
    expect(await consumers(fixture)).toHaveLength(1)
  })

  test('is not deregistered when it had existed before the job', async () => {
    const fixture = await startStream()
    await register(fixture)
    const { enumerator } = await discover(source(fixture.server))
    await enumerator.close?.('finished')
    expect(await consumers(fixture)).toHaveLength(1)
  })

  test('is not deregistered when somebody has registered it anew meanwhile', async () => {
    const fixture = await startStream()
    const { enumerator } = await discover(source(fixture.server))
    const [own] = await consumers(fixture)
    await fixture.client.send(new DeregisterStreamConsumerCommand({ ConsumerARN: own?.arn }))
    const theirs = await reregistered(fixture, own?.arn)
    await enumerator.close?.('finished')
    expect(await consumers(fixture)).toMatchObject([{ arn: theirs }])
  })

  test('that is being deleted is registered again when it has gone', async () => {
    const fixture = await startStream({ consumerDeletionMs: 100 })
    const arn = await register(fixture)
    await fixture.client.send(new DeregisterStreamConsumerCommand({ ConsumerARN: arn }))
    await discover(source(fixture.server))
    expect(await consumers(fixture)).toMatchObject([{ name: NAME, status: 'ACTIVE' }])
  })

  test('a reader whose consumer was registered anew subscribes with the new one', async () => {
    const fixture = await startStream()
    const pushed = source(fixture.server)
    const { splits } = await discover(pushed)
    const open = await openReader(pushed, splits[0]!)
    await open.until(() => open.reader.caughtUp)
    const [own] = await consumers(fixture)
    // The reader looks for it as soon as it is gone: while the deletion fails nobody finds it missing.
    const remove = fixture.server.faults.add({ operation: 'DescribeStreamConsumer', fault: { kind: 'unavailable' } })
    await fixture.client.send(new DeregisterStreamConsumerCommand({ ConsumerARN: own?.arn }))
    await reregistered(fixture, own?.arn)
    remove()
    await put(fixture.client, ['a'])
    expect(await open.until(() => open.polled.length === 1)).toEqual(['a'])
  })

  test('one too many is refused in words', async () => {
    const fixture = await startStream()
    for (let index = 0; index < 20; index++) await register(fixture, STREAM, `other-${index}`)
    expect(await errorOf(discover(source(fixture.server)))).toMatchObject({
      code: 'KINESIS_CONSUMER_LIMIT',
      operatorId: 'events',
    })
  })
})

describe('a consumer that is given', () => {
  test('is used, and never deregistered', async () => {
    const fixture = await startStream()
    await put(fixture.client, ['a'])
    const consumerArn = await register(fixture)
    const pushed = source(fixture.server, { consumerArn })
    const { splits, enumerator } = await discover(pushed)
    const open = await openReader(pushed, splits[0]!)
    expect(await open.until(() => open.polled.length === 1)).toEqual(['a'])
    await enumerator.close?.('finished')
    expect(await consumers(fixture)).toMatchObject([{ arn: consumerArn }])
  })

  test('and does not exist, or belongs to another stream, is refused when the job starts', async () => {
    const fixture = await startStream()
    const missing = `${arnOf(STREAM)}/consumer/nobody:1`
    expect(await errorOf(discover(source(fixture.server, { consumerArn: missing })))).toMatchObject({
      code: 'KINESIS_NOT_FOUND',
      message: expect.stringContaining(missing),
    })
    await fixture.client.send(new CreateStreamCommand({ StreamName: 'other', ShardCount: 1 }))
    const consumerArn = await register(fixture, 'other')
    expect(await errorOf(discover(source(fixture.server, { consumerArn })))).toMatchObject({
      code: 'KINESIS_CONSUMER_UNUSABLE',
      message: expect.stringContaining(arnOf(STREAM)),
    })
  })
})

test('polling asks nothing about consumers', async () => {
  const fixture = await startStream()
  fixture.server.faults.add({
    operation: ['DescribeStreamConsumer', 'RegisterStreamConsumer'],
    fault: { kind: 'accessDenied' },
  })
  expect((await discover(textSource(fixture.server))).splits).toHaveLength(1)
})

test.each([
  [{}, 'either consumerName or consumerArn'],
  [{ consumerName: 'a', consumerArn: `${arnOf(STREAM)}/consumer/a:1` }, 'either consumerName or consumerArn'],
  [{ consumerName: 'a b' }, "found 'a b'"],
  [{ consumerArn: arnOf(STREAM) }, 'consumerArn is like'],
  [{ consumerArn: `${arnOf(STREAM)}/consumer/a:1`, deregister: 'never' }, 'not for a given one'],
  [{ consumerName: 'a', deregister: 'always' }, "'onFinish' or 'never'"],
  [{ consumerNam: 'a' }, "no option 'consumerNam'"],
])('fanOut: %j is refused', (fanOut, message) => {
  const options = { stream: STREAM, startAt: 'horizon', decode: decodeUtf8, fanOut } as never
  expect(() => kinesis(options)).toThrow(message)
})

/** The time of registration is part of the ARN, in whole seconds. */
async function reregistered(fixture: Fixture, before: string | undefined): Promise<string> {
  for (;;) {
    const arn = await register(fixture)
    if (arn !== before) return arn
    await fixture.client.send(new DeregisterStreamConsumerCommand({ ConsumerARN: arn }))
  }
}
