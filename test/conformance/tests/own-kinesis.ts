import { CreateStreamCommand, type KinesisClient } from '@aws-sdk/client-kinesis'
import { type LocalKinesis, startLocalKinesis } from 'tidemark/testing'
import { afterAll, beforeAll } from 'vitest'
import { localKinesisClient } from '../../servers/kinesis/client.js'

/** For all checks of a `describe`. */
export interface OwnKinesis {
  readonly server: LocalKinesis
  readonly client: KinesisClient
  /** A stream of its own for each check. @returns its name */
  createStream(shards: number): Promise<string>
}

/** To be called in a `describe`; it is there in its tests. */
export function ownKinesis(): OwnKinesis {
  let server: LocalKinesis
  let client: KinesisClient
  let streams = 0
  beforeAll(async () => {
    server = await startLocalKinesis()
    client = localKinesisClient(server.url)
  })
  afterAll(async () => {
    client.destroy()
    await server.close()
  })
  return {
    get server() {
      return server
    },
    get client() {
      return client
    },
    async createStream(shards) {
      const name = `numbers-${streams++}`
      await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }))
      return name
    },
  }
}
