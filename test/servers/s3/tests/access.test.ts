import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import type { LocalS3Credentials, S3PolicyStatement } from '../index.js'
import { BUCKET, beginUpload, clientOf, errorOf, put, putPart, start, text } from './fixture.js'
import { send } from './raw.js'

const OWNER: LocalS3Credentials = { accessKeyId: 'owner', secretAccessKey: 'secret' }
const OBJECTS = `arn:aws:s3:::${BUCKET}/jobs/*`

/** A server with the owner's client and one of an access key that has only these statements. */
async function withPolicy(policy: readonly S3PolicyStatement[]): Promise<{ owner: S3Client; guest: S3Client }> {
  const credentials: LocalS3Credentials = { accessKeyId: 'guest', secretAccessKey: 'secret', policy }
  const { server, client } = await start({ credentials: [OWNER, credentials] })
  return { owner: client, guest: clientOf({ ...server, credentials }) }
}

const DENIED = { name: 'AccessDenied', status: 403 }

test('nothing is allowed but by a statement, on its resources', async () => {
  const { guest } = await withPolicy([{ effect: 'Allow', actions: ['s3:PutObject', 's3:Get*'], resources: [OBJECTS] }])
  await put(guest, 'jobs/a', 'x')
  expect(await text(guest, 'jobs/a')).toBe('x')
  expect(await errorOf(put(guest, 'other/a', 'x'))).toMatchObject(DENIED)
  expect(await errorOf(guest.send(new ListObjectsV2Command({ Bucket: BUCKET })))).toMatchObject(DENIED)
  expect(await errorOf(guest.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'jobs/a' })))).toMatchObject(DENIED)
})

test('a denial goes before what is allowed', async () => {
  const { guest } = await withPolicy([
    { effect: 'Allow', actions: ['*'] },
    { effect: 'Deny', actions: ['s3:DeleteObject'], resources: [`${OBJECTS}.manifest`] },
  ])
  for (const key of ['jobs/1.manifest', 'jobs/1.data']) await put(guest, key, 'x')
  const Objects = [{ Key: 'jobs/1.manifest' }, { Key: 'jobs/1.data' }]
  const answer = await guest.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }))
  expect(answer.Errors).toMatchObject([{ Key: 'jobs/1.manifest', Code: 'AccessDenied' }])
  expect(answer.Deleted).toMatchObject([{ Key: 'jobs/1.data' }])
})

test('who may not list cannot tell a missing object from a forbidden one', async () => {
  const { owner, guest } = await withPolicy([{ effect: 'Allow', actions: ['s3:GetObject'] }])
  await put(owner, 'there', 'x')
  const get = (client: S3Client) => client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'none' }))
  const head = () => guest.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'none' }))
  expect(await text(guest, 'there')).toBe('x')
  expect(await errorOf(get(guest))).toMatchObject(DENIED)
  expect(await errorOf(get(owner))).toMatchObject({ name: 'NoSuchKey' })
  expect(await errorOf(head())).toMatchObject({ status: 403 })
  expect(await errorOf(guest.send(new HeadBucketCommand({ Bucket: BUCKET })))).toMatchObject({ status: 403 })
})

test('writing under If-Match, and copying, also need to read', async () => {
  const { owner, guest } = await withPolicy([{ effect: 'Allow', actions: ['s3:PutObject'] }])
  const { ETag } = await put(owner, 'key', 'x')
  await put(guest, 'new', 'x', { IfNoneMatch: '*' })
  expect(await errorOf(put(guest, 'key', 'y', { IfMatch: ETag }))).toMatchObject(DENIED)
  const copy = new CopyObjectCommand({ Bucket: BUCKET, Key: 'to', CopySource: `${BUCKET}/key` })
  expect(await errorOf(guest.send(copy))).toMatchObject(DENIED)
})

test('an upload is part of writing, aborting it is not', async () => {
  const { guest } = await withPolicy([{ effect: 'Allow', actions: ['s3:PutObject'] }])
  const id = await beginUpload(guest, 'key')
  await putPart(guest, { key: 'key', id, number: 1 }, 'x')
  const abort = guest.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: 'key', UploadId: id }))
  expect(await errorOf(abort)).toMatchObject(DENIED)
})

test('a request without a signature, with an unknown key, or with one that expired', async () => {
  const expired: LocalS3Credentials = { accessKeyId: 'old', secretAccessKey: 'x', isExpired: true }
  const { server } = await start({ credentials: [OWNER, expired] })
  const list = (accessKeyId: string) =>
    clientOf({ ...server, credentials: { accessKeyId, secretAccessKey: 'x' } }).send(
      new ListObjectsV2Command({ Bucket: BUCKET }),
    )
  expect(await errorOf(list('stranger'))).toMatchObject({ name: 'InvalidAccessKeyId', status: 403 })
  expect(await errorOf(list('old'))).toMatchObject({ name: 'ExpiredToken', status: 400 })
  expect((await fetch(`${server.endpoint}/${BUCKET}?list-type=2`)).status).toBe(403)
  const basic = await send(server, {
    method: 'GET',
    path: `/${BUCKET}?list-type=2`,
    headers: { authorization: 'Basic eDp5' },
  })
  expect([basic.status, basic.code]).toEqual([400, 'AuthorizationHeaderMalformed'])
})

test('an address signed beforehand works without a header', async () => {
  const { server, client } = await start()
  await put(client, 'key', 'x')
  const credential = encodeURIComponent(`${server.credentials.accessKeyId}/20300101/us-east-1/s3/aws4_request`)
  const signed = `${server.endpoint}/${BUCKET}/key?X-Amz-Credential=${credential}&response-content-type=text%2Fcsv`
  const answer = await fetch(signed)
  expect([await answer.text(), answer.headers.get('content-type')]).toEqual(['x', 'text/csv'])
})
