import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { type LocalKinesis, type LocalS3, startLocalKinesis, startLocalS3 } from 'tidemark/testing'
import { onTestFinished, vi } from 'vitest'
import { kinesisAt, waitForStream } from '../../../../examples/taxi/replay/index.js'

/** With the bucket `taxi`, to which the environment has the credentials. It goes with the test. */
export async function localS3(): Promise<LocalS3> {
  const s3 = await startLocalS3({ buckets: ['taxi'] })
  onTestFinished(() => s3.close())
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3.credentials.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3.credentials.secretAccessKey)
  onTestFinished(() => void vi.unstubAllEnvs())
  return s3
}

/** With an empty stream `taxi` of one shard. It goes with the test. */
export async function localKinesis(): Promise<{ readonly server: LocalKinesis; readonly client: KinesisClient }> {
  const server = await startLocalKinesis()
  const client = kinesisAt(server.url)
  onTestFinished(async () => {
    client.destroy()
    await server.close()
  })
  await waitForStream(client, 'taxi', { createShards: 1 })
  return { server, client }
}
