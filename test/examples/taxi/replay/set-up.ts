import { systemEnvironment } from 'tidemark/run'
import { type LocalKinesisOptions, startLocalKinesis } from 'tidemark/testing'
import { onTestFinished } from 'vitest'
import type { TaxiEvent } from '../../../../examples/taxi/events/index.js'
import { kinesisAt, type ReplayOptions, type ReplayProgress, replay } from '../../../../examples/taxi/replay/index.js'
import { createStream, readShards } from './fixture.js'
import { virtualTime } from './virtual-time.js'

/** A local Kinesis and a client of it, on virtual time. Replays go as fast as they can where the test does not say. */
export async function setUp(shards: number, options: LocalKinesisOptions = {}) {
  const time = virtualTime()
  const environment = { ...systemEnvironment(), clock: time.environment.clock }
  const server = await startLocalKinesis({ ...options, environment })
  const client = kinesisAt(server.url)
  const reader = kinesisAt(server.url)
  time.watch(client)
  onTestFinished(async () => {
    client.destroy()
    reader.destroy()
    await server.close()
  })
  await createStream(reader, 'taxi', shards)
  const run = (given: Pick<ReplayOptions, 'trips'> & Partial<ReplayOptions>): Promise<ReplayProgress> =>
    time.run(replay({ client, stream: 'taxi', speedup: 'max', environment: time.environment, ...given }))
  const read = (): Promise<ReadonlyMap<string, readonly TaxiEvent[]>> => readShards(reader, 'taxi')
  return { time, server, client, reader, run, shards: read }
}
