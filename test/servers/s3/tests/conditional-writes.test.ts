import { once } from 'node:events'
import { request } from 'node:http'
import { CopyObjectCommand, DeleteObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import type { LocalS3 } from '../index.js'
import { BUCKET, clientOf, errorOf, outcomes, put, start, text } from './fixture.js'

test('If-None-Match writes what is not there, and nothing over what is', async () => {
  const { client } = await start()
  await put(client, 'manifest', 'first', { IfNoneMatch: '*' })
  expect(await errorOf(put(client, 'manifest', 'second', { IfNoneMatch: '*' }))).toMatchObject({
    name: 'PreconditionFailed',
    status: 412,
  })
  expect(await text(client, 'manifest')).toBe('first')
})

test('of racers that create one key exactly one wins, and its bytes stay', async () => {
  const { client } = await start()
  for (let round = 0; round < 20; round++) {
    const racers = Array.from({ length: 8 }, (_, racer) =>
      put(client, `lock-${round}`, `racer ${racer}`, { IfNoneMatch: '*' }),
    )
    const ended = await outcomes(racers)
    expect([...ended].sort()).toEqual([...Array(7).fill('PreconditionFailed'), 'ok'])
    expect(await text(client, `lock-${round}`)).toBe(`racer ${ended.indexOf('ok')}`)
  }
})

test('of racers that replace one version exactly one wins', async () => {
  const { client } = await start()
  let etag = (await put(client, 'head', 'start')).ETag
  for (let round = 0; round < 20; round++) {
    const racers = Array.from({ length: 8 }, (_, racer) => put(client, 'head', `${round}/${racer}`, { IfMatch: etag }))
    const ended = await outcomes(racers)
    expect(ended.filter((outcome) => outcome === 'ok')).toHaveLength(1)
    expect(await text(client, 'head')).toBe(`${round}/${ended.indexOf('ok')}`)
    etag = (await racers[ended.indexOf('ok')])?.ETag
  }
})

test('If-Match takes the ETag with and without quotes, and fails for another one', async () => {
  const { client } = await start()
  const first = await put(client, 'head', 'one')
  const second = await put(client, 'head', 'two', { IfMatch: first.ETag })
  await put(client, 'head', 'three', { IfMatch: second.ETag?.replaceAll('"', '') })
  expect(await errorOf(put(client, 'head', 'four', { IfMatch: first.ETag }))).toMatchObject({ status: 412 })
  expect(await text(client, 'head')).toBe('three')
})

test('If-Match on a key that is not there is 404 NoSuchKey', async () => {
  const { client, server } = await start()
  const failure = await errorOf(put(client, 'none', 'x', { IfMatch: '"0123"' }))
  expect(failure).toMatchObject({ name: 'NoSuchKey', status: 404 })
  expect(server.keys(BUCKET)).toEqual([])
})

test.each([
  ['If-None-Match with an ETag', { IfNoneMatch: '"0123"' }],
  ['If-Match with *', { IfMatch: '*' }],
  ['both conditions at once', { IfMatch: '"0123"', IfNoneMatch: '*' }],
])('%s is 501, as S3 has no such writes', async (_what, conditions) => {
  const { client } = await start()
  expect(await errorOf(put(client, 'key', 'x', conditions))).toMatchObject({ name: 'NotImplemented', status: 501 })
})

test('a copy keeps the conditions of its destination', async () => {
  const { client } = await start()
  await put(client, 'from', 'x')
  const copy = () =>
    client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'to', CopySource: `${BUCKET}/from`, IfNoneMatch: '*' }))
  await copy()
  expect(await errorOf(copy())).toMatchObject({ name: 'PreconditionFailed', status: 412 })
})

test('deleting under a condition spares what was changed', async () => {
  const { client, server } = await start()
  const { ETag } = await put(client, 'lease', 'mine')
  await put(client, 'lease', 'theirs')
  const remove = (IfMatch: string | undefined) =>
    client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'lease', IfMatch }))
  expect(await errorOf(remove(ETag))).toMatchObject({ name: 'PreconditionFailed', status: 412 })
  await remove('*')
  expect(server.keys(BUCKET)).toEqual([])
  expect(await errorOf(remove('*'))).toMatchObject({ status: 412 })
  await remove(ETag)
})

/** A PutObject whose head has arrived and whose body has not. */
async function beginPut(server: LocalS3, key: string, headers: Record<string, string>) {
  const body = 'late'
  const outgoing = request(`${server.endpoint}/${BUCKET}/${key}`, {
    method: 'PUT',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${server.credentials.accessKeyId}/20300101/us-east-1/s3/aws4_request`,
      'content-length': body.length,
      expect: '100-continue',
      ...headers,
    },
  })
  const answered = once(outgoing, 'response')
  await once(outgoing, 'continue')
  return async (): Promise<number | undefined> => {
    outgoing.end(body)
    const [response] = await answered
    response.resume()
    return response.statusCode
  }
}

test('a delete that overtakes a conditional write makes it a conflict: 409, to be tried again', async () => {
  const { client, server } = await start()
  await put(client, 'lock', 'held')
  const finish = await beginPut(server, 'lock', { 'if-none-match': '*' })
  await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'lock' }))
  expect(await finish()).toBe(409)
  expect(server.keys(BUCKET)).toEqual([])
  const again = await beginPut(server, 'lock', { 'if-none-match': '*' })
  expect(await again()).toBe(200)
})

test('deletes elsewhere are no conflict', async () => {
  const { client, server } = await start({ buckets: [BUCKET, 'other-bucket'] })
  const finish = await beginPut(server, 'lock', { 'if-none-match': '*' })
  await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'lock-2' }))
  await client.send(new DeleteObjectCommand({ Bucket: 'other-bucket', Key: 'lock' }))
  expect(await finish()).toBe(200)
})

test('a delete that overtakes a write under If-Match makes it 404', async () => {
  const { client, server } = await start()
  const { ETag } = await put(client, 'head', 'one')
  const finish = await beginPut(server, 'head', { 'if-match': ETag ?? '' })
  await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'head' }))
  expect(await finish()).toBe(404)
})

test('a write that overtakes a conditional one wins', async () => {
  const { client, server } = await start()
  const finish = await beginPut(server, 'lock', { 'if-none-match': '*' })
  await put(client, 'lock', 'early', { IfNoneMatch: '*' })
  expect(await finish()).toBe(412)
  expect(await text(client, 'lock')).toBe('early')
})

test('the retry of a conditional write whose reply was lost meets its own object: 412', async () => {
  const { server } = await start({ faults: [{ nth: 1, fault: { kind: 'replyLost' } }] })
  const patient = clientOf(server, { maxAttempts: 3 })
  expect(await errorOf(put(patient, 'lock', 'mine', { IfNoneMatch: '*' }))).toMatchObject({ status: 412 })
  expect(server.read(BUCKET, 'lock')?.toString()).toBe('mine')
})
