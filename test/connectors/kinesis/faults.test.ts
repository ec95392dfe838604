import { CreateStreamCommand, DeleteStreamCommand } from '@aws-sdk/client-kinesis'
import { describe, expect, test } from 'vitest'
import {
  discover,
  errorOf,
  faultyProxy,
  LABELS,
  openReader,
  put,
  readAll,
  STREAM,
  startStream,
  textSource,
} from './fixture.js'

const SHARD = 'shardId-000000000000'
const THROTTLED = { status: 400, type: 'ProvisionedThroughputExceededException' }

test('an expired iterator is replaced once, without a record lost or doubled', async () => {
  const { server, client } = await startStream()
  const texts = Array.from({ length: 50 }, (_, index) => `${index}`)
  await put(client, texts)
  const proxy = await faultyProxy(server.url, (operation, nth) =>
    operation === 'GetRecords' && nth % 2 === 0 ? { status: 400, type: 'ExpiredIteratorException' } : undefined,
  )
  const source = textSource(proxy, { endAt: 'tip', maxRecordsPerCall: 10 })
  const { splits } = await discover(source)
  expect(await readAll(source, splits[0]!)).toEqual(texts)
  expect(proxy.operations.filter((operation) => operation === 'GetShardIterator').length).toBeGreaterThan(3)
})

test('a fresh iterator that has expired too stops the reader', async () => {
  const { server } = await startStream()
  const proxy = await faultyProxy(server.url, (operation) =>
    operation === 'GetRecords' ? { status: 400, type: 'ExpiredIteratorException' } : undefined,
  )
  const source = textSource(proxy)
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!)
  expect(await errorOf(open.until(() => false))).toMatchObject({ code: 'KINESIS_UNAVAILABLE', retryable: true })
  expect(proxy.operations.filter((operation) => operation === 'GetRecords')).toHaveLength(2)
})

test('throttling, server errors and dropped connections are waited out, and counted', async () => {
  const { server, client } = await startStream()
  await put(client, ['a', 'b'])
  const proxy = await faultyProxy(server.url, (operation, nth) => {
    if (operation !== 'GetRecords') return undefined
    if (nth === 1) return THROTTLED
    if (nth === 2) return { status: 500, type: 'InternalFailure' }
    return nth === 3 ? 'drop' : undefined
  })
  const source = textSource(proxy, { endAt: 'tip' })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!)
  expect(await open.until(() => false)).toEqual(['a', 'b'])
  expect(open.metrics.read()).toMatchObject({
    [`throttles${LABELS}`]: 1,
    [`retries${LABELS}`]: 2,
    [`records${LABELS}`]: 2,
  })
})

test('a shard that is throttled for longer than the budget stops the reader, and does not look caught up', async () => {
  const { server } = await startStream()
  const proxy = await faultyProxy(server.url, (operation) => (operation === 'GetRecords' ? THROTTLED : undefined))
  const source = textSource(proxy, { retryForMs: 700 })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!)
  expect(await errorOf(open.until(() => open.reader.caughtUp))).toMatchObject({
    code: 'KINESIS_THROTTLED',
    retryable: true,
    location: expect.stringContaining(SHARD),
  })
})

test('the limits of a shard are kept: a server that enforces them never throttles', async () => {
  const { server, client } = await startStream(1, {
    limits: { getRecordsCalls: 5, writeRecords: 1e9, writeBytes: 1e12 },
  })
  const texts = Array.from({ length: 60 }, (_, index) => `${index}`)
  await put(client, texts)
  const source = textSource(server, { endAt: 'tip', maxRecordsPerCall: 5, callsPerSecond: 5 })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!)
  expect(await open.until(() => false)).toEqual(texts)
  expect(open.metrics.read()).toMatchObject({ [`throttles${LABELS}`]: 0, [`calls${LABELS}`]: 12 })
})

describe('what no retry helps fails at once', () => {
  test('a stream that does not exist', async () => {
    const { server } = await startStream()
    expect(await errorOf(discover(textSource(server, { stream: 'nowhere' } as never)))).toMatchObject({
      code: 'KINESIS_NOT_FOUND',
      retryable: false,
      operatorId: 'events',
    })
  })

  test('access denied', async () => {
    const { server } = await startStream()
    const proxy = await faultyProxy(server.url, () => ({ status: 400, type: 'AccessDeniedException' }))
    expect(await errorOf(discover(textSource(proxy)))).toMatchObject({
      code: 'KINESIS_ACCESS_DENIED',
      message: expect.stringContaining('kinesis:DescribeStreamSummary'),
    })
    expect(proxy.operations).toEqual(['DescribeStreamSummary'])
  })

  test('a stream that is deleted while it is read', async () => {
    const { server, client } = await startStream()
    const source = textSource(server)
    const { splits } = await discover(source)
    const open = await openReader(source, splits[0]!)
    await open.until(() => open.reader.caughtUp)
    await client.send(new DeleteStreamCommand({ StreamName: STREAM }))
    expect(await errorOf(open.until(() => false))).toMatchObject({ code: 'KINESIS_NOT_FOUND' })
  })
})

test('an endpoint where nobody listens: one line after the budget', async () => {
  const source = textSource({ url: 'http://127.0.0.1:9' }, { retryForMs: 300 })
  const error = await errorOf(discover(source))
  expect(error).toMatchObject({ code: 'KINESIS_UNAVAILABLE', message: expect.stringContaining('http://127.0.0.1:9') })
  expect((error as Error).message).not.toContain('\n')
})

test('a call without an answer is given up after its time', async () => {
  const { server } = await startStream()
  const silent = await faultyProxy(server.url, () => undefined)
  const source = textSource(silent, { callTimeoutMs: 1, retryForMs: 1 })
  expect(await errorOf(discover(source))).toMatchObject({
    code: 'KINESIS_UNAVAILABLE',
    message: expect.stringContaining('no answer within 1 ms'),
  })
})

test('a stream deleted and created again under its name is refused against the old checkpoint', async () => {
  const { server, client } = await startStream()
  const source = textSource(server)
  const { enumerator } = await discover(source)
  await client.send(new DeleteStreamCommand({ StreamName: STREAM }))
  await client.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: 1 }))
  expect(await errorOf(discover(source, { restored: enumerator.snapshot?.() }))).toMatchObject({
    code: 'KINESIS_STREAM_CHANGED',
  })
})
