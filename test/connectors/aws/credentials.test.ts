import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { expect, test } from 'vitest'
import { sharedClient } from '../../../connectors/kinesis/client.js'
import { type KinesisSinkOptions, kinesisSink } from '../../../connectors/kinesis/index.js'
import { sinkSettingsOf } from '../../../connectors/kinesis/sink/options.js'
import { temporaryFolder } from '../file/support.js'
import { errorOf } from '../kinesis/fixture.js'
import { batchOf, openWriter } from '../kinesis/sink-fixture.js'
import { bareEnvironment, startFakeAws } from './fake-aws.js'

const ROLE = 'arn:aws:iam::123456789012:role/stream-writer'
const ARN = 'arn:aws:kinesis:eu-central-1:123456789012:stream/taxi'
const OWN = { accessKeyId: 'OWN', secretAccessKey: 's' }

type Options = Partial<KinesisSinkOptions<string>>

function optionsOf(options: Options): KinesisSinkOptions<string> {
  // A spread of partial options loses which of the alternatives it is.
  return {
    stream: 'taxi',
    partitionKey: 'random',
    encode: (row: string) => row,
    ...options,
  } as KinesisSinkOptions<string>
}

/** Calls Kinesis so often, with one client. */
async function call(options: Options, times = 1): Promise<void> {
  const shared = sharedClient('kinesisSink', sinkSettingsOf('kinesisSink', optionsOf(options)).aws)
  const { sdk, client, release } = await shared.lease()
  for (let n = 0; n < times; n++) await client.send(new sdk.ListShardsCommand({ StreamName: 'taxi' }))
  release()
}

test('without credentials given, those of the container are found, and renewed before they expire', async () => {
  const aws = await startFakeAws({ lifeMs: 60_000 })
  bareEnvironment({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.url}/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: 'of the task',
  })
  await call({ region: 'eu-west-1', clientConfig: { endpoint: aws.url } }, 2)
  expect(aws.containers).toEqual(['of the task', 'of the task'])
  expect(aws.signed).toEqual([
    { key: 'CONTAINER1', region: 'eu-west-1', token: 't' },
    { key: 'CONTAINER2', region: 'eu-west-1', token: 't' },
  ])
})

test('without credentials given, the web identity of a pod takes on its role', async () => {
  const aws = await startFakeAws()
  const file = join(await temporaryFolder(), 'token')
  await writeFile(file, 'the token of the pod')
  bareEnvironment({
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
    AWS_ROLE_ARN: ROLE,
    AWS_ENDPOINT_URL_STS: aws.url,
    AWS_REGION: 'eu-west-3',
  })
  await call({ clientConfig: { endpoint: aws.url } })
  const [role] = aws.roles
  expect(role?.parameters.get('Action')).toBe('AssumeRoleWithWebIdentity')
  expect(role?.parameters.get('WebIdentityToken')).toBe('the token of the pod')
  expect(role?.parameters.get('RoleArn')).toBe(ROLE)
  expect(aws.signed).toEqual([{ key: 'ROLE1', region: 'eu-west-3', token: 'token of ROLE1' }])
})

test('a role is taken on with the credentials given, and the service sees the role alone', async () => {
  const aws = await startFakeAws()
  bareEnvironment()
  const assumeRole = { roleArn: ROLE, externalId: 'of-the-owner', sessionName: 'taxi', durationSeconds: 900 }
  await call({
    region: 'eu-west-1',
    assumeRole: { ...assumeRole, endpoint: aws.url },
    clientConfig: { endpoint: aws.url, credentials: OWN },
  })
  expect(aws.roles.map(({ key }) => key)).toEqual(['OWN'])
  expect(Object.fromEntries(aws.roles[0]?.parameters ?? [])).toMatchObject({
    Action: 'AssumeRole',
    RoleArn: ROLE,
    ExternalId: 'of-the-owner',
    RoleSessionName: 'taxi',
    DurationSeconds: '900',
  })
  expect(aws.signed).toEqual([{ key: 'ROLE1', region: 'eu-west-1', token: 'token of ROLE1' }])
})

test('a role is taken on with what the SDK finds where no credentials are given', async () => {
  const aws = await startFakeAws()
  bareEnvironment({ AWS_ACCESS_KEY_ID: 'FOUND', AWS_SECRET_ACCESS_KEY: 's' })
  const assumeRole = { roleArn: ROLE, endpoint: aws.url }
  await call({ region: 'eu-west-1', assumeRole, clientConfig: { endpoint: aws.url } })
  expect(aws.roles.map(({ key }) => key)).toEqual(['FOUND'])
  expect(aws.roles[0]?.parameters.get('RoleSessionName')).toBe('tidemark')
  expect(aws.signed.map(({ key }) => key)).toEqual(['ROLE1'])
})

test('a role that may not be taken on ends the job, and the message says so', async () => {
  const aws = await startFakeAws({ deniesRoles: true })
  bareEnvironment()
  const options = optionsOf({
    region: 'eu-west-1',
    assumeRole: { roleArn: ROLE, endpoint: aws.url },
    clientConfig: { endpoint: aws.url, credentials: OWN },
  })
  const { writer } = await openWriter(kinesisSink(options))
  writer.write(batchOf(['row']), 0)
  expect(await errorOf(Promise.resolve(writer.prepareCommit(1)))).toMatchObject({
    code: 'KINESIS_ACCESS_DENIED',
    message: expect.stringContaining('sts:AssumeRole'),
  })
  expect(aws.signed).toEqual([])
})

test('the region is that of the ARN', async () => {
  const aws = await startFakeAws()
  bareEnvironment({ AWS_REGION: 'us-west-2' })
  const options = { stream: undefined, streamArn: ARN, clientConfig: { endpoint: aws.url, credentials: OWN } }
  await call(options as Options)
  expect(aws.signed).toEqual([{ key: 'OWN', region: 'eu-central-1', token: undefined }])
})

test('an endpoint on this machine gets no real credentials', async () => {
  const aws = await startFakeAws()
  bareEnvironment({ AWS_ACCESS_KEY_ID: 'REAL', AWS_SECRET_ACCESS_KEY: 's' })
  await call({ endpoint: aws.url })
  expect(aws.signed).toEqual([{ key: 'local', region: 'us-east-1', token: undefined }])
})

test('a request handler that is given is used: a proxy', async () => {
  const aws = await startFakeAws()
  bareEnvironment()
  const seen: string[] = []
  class Proxied extends NodeHttpHandler {
    override handle(...[request, options]: Parameters<NodeHttpHandler['handle']>) {
      seen.push(request.hostname)
      const { hostname, port } = new URL(aws.url)
      return super.handle(Object.assign(request.clone(), { protocol: 'http:', hostname, port: Number(port) }), options)
    }
  }
  await call({ region: 'eu-west-1', clientConfig: { credentials: OWN, requestHandler: new Proxied() } })
  expect(seen).toEqual(['kinesis.eu-west-1.amazonaws.com'])
  expect(aws.signed).toHaveLength(1)
})
