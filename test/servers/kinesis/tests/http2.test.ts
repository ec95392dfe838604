import { once } from 'node:events'
import { connect } from 'node:http2'
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { expect, onTestFinished, test } from 'vitest'
import { createStream, errorOf, get, iterator, put, start, texts } from './fixture.js'

const StreamName = 'taxi'

/** The SDK's client with its own choice of handler, which for Kinesis is HTTP/2. */
async function startHttp2() {
  const { server, client: http1 } = await start()
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new KinesisClient({ endpoint: server.url, region: 'us-east-1', credentials, maxAttempts: 1 })
  onTestFinished(() => client.destroy())
  return { server, http1, client }
}

test('a client with the default handler speaks HTTP/2 on the same port', async () => {
  const { client, http1 } = await startHttp2()
  await createStream(client, StreamName, 1)
  await put(client, StreamName, ['over 2'])
  await put(http1, StreamName, ['over 1.1'])
  expect(await texts(client, await iterator(client, { StreamName }))).toEqual(['over 2', 'over 1.1'])
  expect((await errorOf(put(client, 'nowhere', ['x']))).name).toBe('ResourceNotFoundException')
})

test('the largest put and the largest read pass', async () => {
  const { client } = await startHttp2()
  await createStream(client, StreamName, 1)
  const Records = [1, 2, 3, 4, 5].map((fill) => ({ Data: Buffer.alloc(1024 * 1024 - 1, fill), PartitionKey: 'k' }))
  for (let call = 0; call < 2; call++) await client.send(new PutRecordsCommand({ StreamName, Records }))
  const read = await get(client, await iterator(client, { StreamName }))
  expect(read.Records?.map((record) => record.Data?.[1000])).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5])
})

test('a call that is cancelled in the middle of its body does no harm', async () => {
  const { server, client } = await startHttp2()
  const session = connect(server.url)
  onTestFinished(() => session.destroy())
  const cancelled = session.request({ ':method': 'POST', ':path': '/' })
  cancelled.on('error', () => {})
  await new Promise((resolve) => cancelled.write('{"half":', resolve))
  cancelled.close(8)
  await once(cancelled, 'close')
  session.destroy()
  await createStream(client, StreamName, 1)
  expect(await put(client, StreamName, ['a'])).toHaveLength(1)
})
