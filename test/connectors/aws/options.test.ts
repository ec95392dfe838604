import { expect, test } from 'vitest'
import { clientConfigOf } from '../../../connectors/aws/client-config.js'
import { loadPeer } from '../../../connectors/aws/load.js'
import { type AwsOptions, awsSettingsOf } from '../../../connectors/aws/options.js'
import { SharedAwsClient } from '../../../connectors/aws/shared-client.js'
import { errorOf } from '../kinesis/fixture.js'

const ARN = 'arn:aws:kinesis:eu-central-1:123456789012:stream/taxi'
const ROLE = 'arn:aws:iam::123456789012:role/stream-writer'

test.each([
  ['a client with settings of another one', { client: {}, region: 'eu-west-1' }, 'put region'],
  ['a client and a role', { client: {}, assumeRole: { roleArn: ROLE } }, 'used as it is'],
  ['a region that is none', { region: 'Europe West' }, "found 'Europe West'"],
  ['another region than the ARN has', { region: 'us-east-1' }, "lies in 'eu-central-1'"],
  ['an endpoint without a scheme', { endpoint: 'localhost:4567' }, 'endpoint is a URL'],
  ['credentials in the endpoint', { endpoint: 'http://key:secret@localhost' }, 'without credentials'],
  ['credentials in its endpoint', { clientConfig: { endpoint: 'http://key:secret@localhost' } }, 'without credentials'],
  ['a configuration that is none', { clientConfig: 'eu-west-1' }, 'clientConfig is an object'],
  ['a role that is none', { assumeRole: { roleArn: 'stream-writer' } }, "found 'stream-writer'"],
  ['a role with an unknown option', { assumeRole: { roleArn: ROLE, externalID: 'x' } }, 'externalId'],
  ['a session name with a blank', { assumeRole: { roleArn: ROLE, sessionName: 'my job' } }, "found 'my job'"],
  ['a session that is too short', { assumeRole: { roleArn: ROLE, durationSeconds: 60 } }, 'found 60'],
  ['an external id with a blank', { assumeRole: { roleArn: ROLE, externalId: 'a b' } }, 'assumeRole.externalId is'],
  ['an STS without a scheme', { assumeRole: { roleArn: ROLE, endpoint: 'sts.local' } }, 'assumeRole: endpoint'],
])('%s is refused', (_, options, message) => {
  // What a user without types could write.
  const given = options as unknown as AwsOptions<object, object>
  expect(() => awsSettingsOf('sink', given, ARN)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message) }),
  )
})

test('an external id, which is as good as a secret, is not shown', () => {
  const options = { assumeRole: { roleArn: ROLE, externalId: 'a secret one' } }
  expect(() => awsSettingsOf('sink', options)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('a secret one') }),
  )
})

test('behind an endpoint the region only signs, and may be another than that of the ARN', () => {
  const { clientConfig } = awsSettingsOf('sink', { region: 'us-east-1', endpoint: 'https://vpce-1.example' }, ARN)
  expect(clientConfig).toEqual({ region: 'us-east-1', endpoint: 'https://vpce-1.example' })
})

test('the configuration of the client has the last word, and retries are ours', async () => {
  const clientConfig = { region: 'eu-west-2', requestHandler: {} }
  const settings = awsSettingsOf<unknown, object>('sink', { region: 'eu-west-1', clientConfig })
  expect(await clientConfigOf({ where: 'sink' }, settings)).toEqual({ maxAttempts: 1, ...clientConfig })
})

test('a package that is missing is named with the command that installs it', async () => {
  const name = '@aws-sdk/client-that-is-none'
  const missing = errorOf(loadPeer({ where: 'sink', packages: name, load: () => import(name) }))
  expect(await missing).toMatchObject({ code: 'DEPENDENCY_MISSING', message: expect.stringContaining(`npm i ${name}`) })
})

test('a client is shared until the last has let go of it; whoever comes then gets a new one', async () => {
  const destroyed: number[] = []
  let made = 0
  const connect = () => {
    const n = ++made
    return { n, destroy: () => void destroyed.push(n) }
  }
  const service = { where: 'sink', packages: 'none', load: async () => ({}), connect }
  const shared = new SharedAwsClient(service, awsSettingsOf('sink', {}))
  const [first, second] = await Promise.all([shared.lease(), shared.lease()])
  expect(first.client).toBe(second.client)
  first.release()
  first.release()
  expect(destroyed).toEqual([])
  second.release()
  await Promise.resolve()
  expect(destroyed).toEqual([1])
  expect((await shared.lease()).client.n).toBe(2)
})
