import { expect, onTestFinished, test } from 'vitest'
import { systemEnvironment } from '../../../../runtime/environment/system.js'
import { openStore } from '../../../../runtime/storage/open-store.js'
import { bareEnvironment, startFakeAws } from '../../../connectors/aws/fake-aws.js'
import { startLocalS3 } from '../../../servers/s3/index.js'
import { bytes } from '../conformance.js'

const ROLE = 'arn:aws:iam::123456789012:role/state'
const OWN = { accessKeyId: 'OWN', secretAccessKey: 's' }

async function storeFor(options: Parameters<typeof startFakeAws>[0] = {}) {
  bareEnvironment()
  const aws = await startFakeAws(options)
  // The bucket is the role's alone: the credentials that take it on would be refused.
  const server = await startLocalS3({
    buckets: ['state'],
    credentials: [{ accessKeyId: 'ROLE1', secretAccessKey: 's' }],
  })
  onTestFinished(() => server.close())
  const store = await openStore('s3://state/job', {
    environment: systemEnvironment(),
    s3: {
      endpoint: server.endpoint,
      assumeRole: { roleArn: ROLE, externalId: 'of-the-owner', endpoint: aws.url },
      clientConfig: { credentials: OWN },
    },
  })
  onTestFinished(() => store.close())
  return { aws, store }
}

test('state is kept under a role that is taken on with the credentials given', async () => {
  const { aws, store } = await storeFor()
  await store.create('a/x', bytes('x'))
  expect(await store.read('a/x')).toEqual(bytes('x'))
  expect(aws.roles.map(({ key }) => key)).toEqual(['OWN'])
  expect(Object.fromEntries(aws.roles[0]?.parameters ?? [])).toMatchObject({
    RoleArn: ROLE,
    ExternalId: 'of-the-owner',
    RoleSessionName: 'tidemark',
  })
})

test('a role that may not be taken on is not mistaken for a missing right on the bucket', async () => {
  const { store } = await storeFor({ deniesRoles: true })
  await expect(store.create('a/x', bytes('x'))).rejects.toMatchObject({
    code: 'STORAGE_FORBIDDEN',
    message: expect.stringContaining('the role needs sts:AssumeRole'),
  })
})
