import { createServer } from 'node:net'
import { SplitShardCommand } from '@aws-sdk/client-kinesis'
import { afterEach, describe, expect, it } from 'vitest'
import { kinesisAt, waitForStream } from '../../../../examples/taxi/replay/index.js'
import { listShards } from '../../../../examples/taxi/replay/stream.js'
import { type LocalKinesisOptions, startLocalKinesis } from '../../../servers/kinesis/index.js'
import { createStream } from './fixture.js'
import { virtualTime } from './virtual-time.js'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function start(options: LocalKinesisOptions = {}) {
  const server = await startLocalKinesis(options)
  const client = kinesisAt(server.url)
  cleanUps.push(
    () => server.close(),
    () => client.destroy(),
  )
  return { server, client }
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

const never = new AbortController().signal

describe('waiting for a stream', () => {
  it('creates a missing one with the shards that are asked for, and takes one that exists', async () => {
    const { client } = await start({ streamCreationMs: 30 })
    expect(await waitForStream(client, 'taxi', { createShards: 3 })).toMatchObject({ isNew: true })
    expect((await listShards(client, 'taxi', never)).length).toBe(3)
    expect(await waitForStream(client, 'taxi', { createShards: 5 })).toMatchObject({ isNew: false })
    expect((await listShards(client, 'taxi', never)).length).toBe(3)
  })

  it('lets several create it at the same time', async () => {
    const { client } = await start()
    const found = await Promise.all(Array.from({ length: 5 }, () => waitForStream(client, 'taxi', { createShards: 2 })))
    expect(found.filter(({ isNew }) => isNew).length).toBe(1)
  })

  it('refuses a missing one that it must not create, and a name that is none', async () => {
    const { client } = await start()
    await expect(waitForStream(client, 'taxi')).rejects.toMatchObject({ code: 'KINESIS_STREAM_MISSING' })
    await expect(waitForStream(client, 'no such name', { createShards: 1 })).rejects.toMatchObject({
      code: 'KINESIS_REFUSED',
      retryable: false,
    })
  })

  it('keeps trying to connect for 10 s, then says in one line what is unreachable', async () => {
    const port = await freePort()
    const client = kinesisAt(`http://127.0.0.1:${port}`)
    const time = virtualTime()
    time.watch(client)
    const waiting = time.run(waitForStream(client, 'taxi', { createShards: 1, environment: time.environment }))
    await expect(waiting).rejects.toMatchObject({ code: 'KINESIS_UNREACHABLE', domain: 'connector', retryable: true })
    await expect(waiting).rejects.toThrow(
      new RegExp(`^Kinesis at http://127.0.0.1:${port} did not answer for 10 s: [^\\n]*ECONNREFUSED[^\\n]*$`),
    )
    expect(time.now()).toBeGreaterThanOrEqual(10_000)
    expect(time.now()).toBeLessThan(11_000)
  })

  it('finds one that comes up meanwhile', async () => {
    const port = await freePort()
    const client = kinesisAt(`http://127.0.0.1:${port}`)
    const time = virtualTime()
    time.watch(client)
    const starting = new Promise<void>((resolve) => {
      time.environment.timers.after(5000, () => resolve(start({ port }).then(() => undefined)))
    })
    const waiting = waitForStream(client, 'taxi', {
      createShards: 1,
      environment: time.environment,
      connectForMs: 60_000,
    })
    expect(await time.run(waiting)).toMatchObject({ isNew: true })
    await starting
    expect(time.now()).toBeGreaterThanOrEqual(5000)
  })
})

describe('shards', () => {
  it('are all found, page by page, by hash key; closed ones are told from open ones', async () => {
    const { client } = await start({ shardLimit: 2000 })
    await createStream(client, 'wide', 1200)
    expect(new Set((await listShards(client, 'wide', never)).map(({ startingHashKey }) => startingHashKey)).size).toBe(
      1200,
    )
    await createStream(client, 'split', 1)
    const ShardToSplit = 'shardId-000000000000'
    await client.send(
      new SplitShardCommand({ StreamName: 'split', ShardToSplit, NewStartingHashKey: (2n ** 127n).toString() }),
    )
    const shards = await listShards(client, 'split', never)
    const open = shards.filter(({ isOpen }) => isOpen)
    expect(shards).toHaveLength(3)
    expect(open.map(({ startingHashKey }) => startingHashKey)).toEqual(['0', (2n ** 127n).toString()])
    expect(open.map(({ id }) => id)).not.toContain(ShardToSplit)
  })
})

describe('the URL of Kinesis', () => {
  it.each(['', 'localhost:4567', 'ftp://127.0.0.1', '/tmp/socket'])('is not %o', (url) => {
    expect(() => kinesisAt(url)).toThrow(/is not the URL of a Kinesis: expected one such as http/)
  })

  it('names the region of AWS', async () => {
    expect(await kinesisAt('https://kinesis.eu-central-1.amazonaws.com').config.region()).toBe('eu-central-1')
  })
})
