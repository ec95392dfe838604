import { CopyObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { seededRandom } from '../../../../core/random.js'
import { virtualEnvironment } from '../../../../runtime/environment/virtual.js'
import type { S3Fault } from '../index.js'
import { BUCKET, clientOf, errorOf, outcomes, put, start, text } from './fixture.js'

test.each([
  [{ kind: 'slowDown' }, { name: 'SlowDown', status: 503 }],
  [{ kind: 'internalError' }, { name: 'InternalError', status: 500 }],
  [{ kind: 'accessDenied' }, { name: 'AccessDenied', status: 403 }],
  [
    { kind: 'error', status: 400, code: 'ExpiredToken', message: 'The provided token has expired.' },
    { name: 'ExpiredToken', status: 400, message: 'The provided token has expired.' },
  ],
] as const)('%j fails the request and applies nothing', async (fault, expected) => {
  const { client, server } = await start({ faults: [{ operation: 'PutObject', fault }] })
  expect(await errorOf(put(client, 'key', 'x'))).toMatchObject(expected)
  expect(server.keys(BUCKET)).toEqual([])
  expect(server.stats()).toMatchObject({ faults: { [fault.kind]: 1 }, errors: { [expected.name]: 1 } })
})

test('a reset before applying leaves nothing, a lost reply leaves the object', async () => {
  const { client, server } = await start()
  server.faults.add({ key: 'unwritten', fault: { kind: 'resetBefore' } })
  server.faults.add({ key: 'written', fault: { kind: 'replyLost' } })
  expect(await outcomes([put(client, 'unwritten', 'x'), put(client, 'written', 'x')])).toEqual([
    'TimeoutError',
    'TimeoutError',
  ])
  expect(server.keys(BUCKET)).toEqual(['written'])
})

test('a truncated body is an error of the reader, whatever was promised', async () => {
  const { client, server } = await start()
  await put(client, 'key', Buffer.alloc(100_000, 7))
  const remove = server.faults.add({ operation: 'GetObject', fault: { kind: 'truncated' } })
  const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'key' }))
  expect(ContentLength).toBe(100_000)
  expect((await errorOf(Body?.transformToByteArray() ?? Promise.resolve())).name).toBe('Error')
  remove()
  expect(await text(client, 'key')).toHaveLength(100_000)
})

test('a corrupted body does not fit the checksum that the object was stored with', async () => {
  const { client, server } = await start({ faults: [{ operation: 'GetObject', fault: { kind: 'corrupted' } }] })
  await put(client, 'key', 'the payload')
  expect((await errorOf(text(client, 'key'))).message).toContain('Checksum mismatch')
  expect(server.read(BUCKET, 'key')?.toString()).toBe('the payload')
})

test('200 with an error as its body is an error, and nothing was applied', async () => {
  const { client, server } = await start({ faults: [{ operation: 'CopyObject', fault: { kind: 'errorInBody' } }] })
  await put(client, 'from', 'x')
  const copy = client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'to', CopySource: `${BUCKET}/from` }))
  expect(await errorOf(copy)).toMatchObject({ name: 'InternalError' })
  expect(server.keys(BUCKET)).toEqual(['from'])
})

test('a slow request is applied late, also when its client has given up', async () => {
  const environment = virtualEnvironment()
  const { client, server } = await start({ environment })
  server.faults.add({ key: 'late', fault: { kind: 'slow', ms: 60_000 } })
  const late = outcomes([put(client, 'late', 'x')])
  await until(() => environment.nextTimerAt !== undefined)
  client.destroy()
  expect(await late).toEqual(['TimeoutError'])
  expect(server.keys(BUCKET)).toEqual([])
  await environment.advance(60_000)
  expect(server.keys(BUCKET)).toEqual(['late'])
})

test('a slow reply comes after the request was applied', async () => {
  const environment = virtualEnvironment()
  const { client, server } = await start({ environment })
  server.faults.add({ operation: 'PutObject', fault: { kind: 'slow', ms: 5000, when: 'after' } })
  const call = put(client, 'key', 'x')
  await until(() => environment.nextTimerAt !== undefined)
  expect(server.keys(BUCKET)).toEqual(['key'])
  await environment.advance(5000)
  await call
})

test('every request waits for the latency', async () => {
  const environment = virtualEnvironment()
  const { client } = await start({ environment, latencyMs: ({ key }) => (key === 'far' ? 200 : 0) })
  await put(client, 'near', 'x')
  const call = put(client, 'far', 'x')
  await until(() => environment.nextTimerAt !== undefined)
  await environment.advance(200)
  await call
})

test('a rule picks by operation, bucket, key and count', async () => {
  const fault: S3Fault = { kind: 'slowDown' }
  const { client, server } = await start({
    buckets: [BUCKET, 'other-bucket'],
    faults: [{ operation: ['PutObject', 'GetObject'], bucket: BUCKET, key: /^a\//, nth: [2, 4], fault }],
  })
  const ended: string[] = []
  for (const key of ['a/1', 'b/1', 'a/2', 'a/3', 'a/4', 'a/5']) ended.push(...(await outcomes([put(client, key, 'x')])))
  expect(ended).toEqual(['ok', 'ok', 'SlowDown', 'ok', 'SlowDown', 'ok'])
  expect(server.faults.injected()).toEqual({ slowDown: 2 })
})

test('a rule fires as often as it says, and no more after it was taken away', async () => {
  const { client, server } = await start()
  const fault: S3Fault = { kind: 'slowDown' }
  server.faults.add({ key: 'a', times: 2, fault })
  const remove = server.faults.add({ key: 'b', fault })
  const attempt = async (key: string) => (await outcomes([put(client, key, 'x')]))[0]
  expect([await attempt('a'), await attempt('a'), await attempt('a')]).toEqual(['SlowDown', 'SlowDown', 'ok'])
  expect(await attempt('b')).toBe('SlowDown')
  remove()
  expect(await attempt('b')).toBe('ok')
  server.faults.add({ fault })
  server.faults.clear()
  expect(await attempt('c')).toBe('ok')
})

test('a hook sees each request and decides', async () => {
  const seen: string[] = []
  const { client } = await start({
    faults: ({ operation, bucket, key }) => {
      seen.push(`${operation} ${bucket}/${key}`)
      return key === 'bad' ? { kind: 'accessDenied' } : undefined
    },
  })
  expect(await outcomes([put(client, 'good', 'x')])).toEqual(['ok'])
  expect(await outcomes([put(client, 'bad', 'x')])).toEqual(['AccessDenied'])
  expect(seen).toEqual([`PutObject ${BUCKET}/good`, `PutObject ${BUCKET}/bad`])
})

test('random faults are those of the seed', async () => {
  const run = async (seed: number): Promise<readonly string[]> => {
    const { client } = await start({ random: seededRandom(seed), faults: [{ rate: 0.5, fault: { kind: 'slowDown' } }] })
    const ended: string[] = []
    for (let call = 0; call < 40; call++) ended.push(...(await outcomes([put(client, 'key', 'x')])))
    return ended
  }
  const [first, again, other] = [await run(1), await run(1), await run(2)]
  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
  expect(new Set(first)).toEqual(new Set(['ok', 'SlowDown']))
})

test('the retries of the SDK get over what passes', async () => {
  const { server } = await start({
    faults: [
      { nth: 1, fault: { kind: 'slowDown' } },
      { nth: 2, fault: { kind: 'resetBefore' } },
    ],
  })
  const patient = clientOf(server, { maxAttempts: 4 })
  await put(patient, 'key', 'x')
  expect(server.stats().requests).toEqual({ PutObject: 3 })
})

/** The requests are on real sockets, so their arrival takes turns of the real loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
