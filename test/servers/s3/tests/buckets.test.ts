import { Agent } from 'node:http'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { expect, test } from 'vitest'
import { BUCKET, beginUpload, clientOf, errorOf, put, start, text } from './fixture.js'
import { send } from './raw.js'

const create = (client: S3Client, Bucket: string, constraint?: 'eu-west-1' | 'eu-central-1') =>
  client.send(
    new CreateBucketCommand({
      Bucket,
      ...(constraint === undefined ? {} : { CreateBucketConfiguration: { LocationConstraint: constraint } }),
    }),
  )

test('buckets are made, found, listed and deleted', async () => {
  const { client } = await start({ buckets: [] })
  await create(client, 'second')
  await create(client, 'first')
  const { Buckets } = await client.send(new ListBucketsCommand({}))
  expect(Buckets?.map(({ Name }) => Name)).toEqual(['first', 'second'])
  const head = (Bucket: string) => client.send(new HeadBucketCommand({ Bucket }))
  expect((await head('first')).BucketRegion).toBe('us-east-1')
  await client.send(new DeleteBucketCommand({ Bucket: 'first' }))
  expect(await errorOf(head('first'))).toMatchObject({ name: 'NotFound', status: 404 })
})

test('a bucket with objects stays; uploads that nobody finished do not keep it', async () => {
  const { client, server } = await start()
  await put(client, 'key', 'x')
  await beginUpload(client, 'key')
  const remove = () => client.send(new DeleteBucketCommand({ Bucket: BUCKET }))
  expect(await errorOf(remove())).toMatchObject({ name: 'BucketNotEmpty', status: 409 })
  server.remove(BUCKET, 'key')
  await remove()
  expect(server.stats()).toMatchObject({ buckets: 0, objects: 0, uploads: 0 })
})

test('making a bucket again: fine in the first region, a conflict elsewhere, and its objects stay', async () => {
  const { client } = await start()
  await put(client, 'key', 'x')
  await create(client, BUCKET)
  expect(await text(client, 'key')).toBe('x')
  const { client: abroad } = await start({ region: 'eu-west-1' })
  expect(await errorOf(create(abroad, BUCKET, 'eu-west-1'))).toMatchObject({
    name: 'BucketAlreadyOwnedByYou',
    status: 409,
  })
})

test('a bucket is where the server says it is', async () => {
  const { client } = await start()
  const { client: abroad } = await start({ region: 'eu-west-1' })
  const location = async (of: S3Client) =>
    (await of.send(new GetBucketLocationCommand({ Bucket: BUCKET }))).LocationConstraint
  expect([await location(client), await location(abroad)]).toEqual([undefined, 'eu-west-1'])
  const elsewhere = { name: 'IllegalLocationConstraintException', status: 400 }
  expect(await errorOf(create(abroad, 'new-one', 'eu-central-1'))).toMatchObject(elsewhere)
  expect(await errorOf(create(client, 'new-one', 'eu-central-1'))).toMatchObject(elsewhere)
  await create(abroad, 'new-one', 'eu-west-1')
})

test.each(['ab', 'Upper-Case', 'under_score', '-dash', 'two..dots', '192.168.0.1', 'x'.repeat(64)])(
  'no bucket is called %s',
  async (name) => {
    const { server } = await start()
    const answer = await send(server, { method: 'PUT', path: `/${name}` })
    expect([answer.status, answer.code]).toEqual([400, 'InvalidBucketName'])
    expect(() => server.createBucket(name)).toThrow(expect.objectContaining({ code: 'LOCAL_S3_OPTION_INVALID' }))
  },
)

test('the bucket may stand in the host name', async () => {
  const { server } = await start({ buckets: [BUCKET, 'dotted.name'], domains: ['s3.test'] })
  // Names below the domain are those of this machine; nothing is asked of a resolver.
  const agent = new Agent({
    lookup: (_host, options, callback) => {
      if (options.all) callback(null, [{ address: server.host, family: 4 }])
      else callback(null, server.host, 4)
    },
  })
  const client = clientOf(
    { ...server, endpoint: `http://s3.test:${server.port}` },
    { forcePathStyle: false, requestHandler: new NodeHttpHandler({ httpAgent: agent }) },
  )
  await put(client, 'a/b', 'x')
  expect(await text(client, 'a/b')).toBe('x')
  expect(server.keys(BUCKET)).toEqual(['a/b'])
  const dotted = await send(server, { method: 'PUT', path: '/k', headers: { host: 'dotted.name.s3.test' }, body: 'y' })
  expect([dotted.status, server.keys('dotted.name')]).toEqual([200, ['k']])
})

test.each([
  ['GET', `/${BUCKET}`],
  ['GET', `/${BUCKET}?versioning`],
  ['PUT', `/${BUCKET}?lifecycle`],
  ['GET', `/${BUCKET}/key?acl`],
  ['PATCH', `/${BUCKET}/key`],
  ['POST', '/'],
])('%s %s is not there, and says so', async (method, path) => {
  const { server } = await start()
  const answer = await send(server, { method, path })
  expect([answer.status, answer.code]).toEqual([501, 'NotImplemented'])
})

test('an address that is none is an error, not a crash', async () => {
  const { server } = await start()
  expect(await send(server, { method: 'GET', path: `/${BUCKET}/%zz` })).toMatchObject({
    status: 400,
    code: 'InvalidURI',
  })
  const xml = { 'content-md5': 'L4Io4Kkdr9k1DAh3kd2TVw==' }
  expect((await send(server, { method: 'POST', path: `/${BUCKET}?delete`, headers: xml, body: '<a' })).status).toBe(400)
  expect((await send(server, { method: 'PUT', path: '/new-bucket', body: '<nonsense' })).code).toBe('MalformedXML')
})
