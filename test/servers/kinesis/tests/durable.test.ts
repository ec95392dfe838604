import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AddTagsToStreamCommand,
  DeleteStreamCommand,
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  type KinesisClient,
  ListStreamsCommand,
  ListTagsForStreamCommand,
  UpdateShardCountCommand,
} from '@aws-sdk/client-kinesis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { localKinesisClient } from '../client.js'
import { Directory } from '../durable/directory.js'
import { type LocalKinesis, type LocalKinesisOptions, startLocalKinesis } from '../index.js'
import { StreamStore } from '../store/stream-store.js'
import { register, STREAM_ARN } from './fan-out.fixture.js'
import { createStream, errorOf, get, iterator, listShards, manualClock, put, texts } from './fixture.js'

const StreamName = 'taxi'

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-kinesis-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

interface Opened {
  readonly server: LocalKinesis
  readonly client: KinesisClient
  close(): Promise<void>
}

async function open(directory: string, options: LocalKinesisOptions = {}): Promise<Opened> {
  const server = await startLocalKinesis({ directory, ...options })
  const client = localKinesisClient(server.url)
  const close = async (): Promise<void> => {
    client.destroy()
    await server.close()
  }
  onTestFinished(close)
  return { server, client, close }
}

/** The newest file of the only stream. */
function newestFile(directory: string): string {
  const [epoch = ''] = readdirSync(join(directory, 'streams'))
  const files = readdirSync(join(directory, 'streams', epoch)).sort()
  return join(directory, 'streams', epoch, files.at(-1) ?? '')
}

describe.each([{ fsync: false }, { fsync: true }])('a local Kinesis with a directory, %j', (options) => {
  test('has its streams, shards, records, consumers and configuration again', async () => {
    const directory = newDirectory()
    const first = await open(directory, options)
    await createStream(first.client, StreamName, 2)
    await createStream(first.client, 'deleted', 1)
    await put(first.client, StreamName, ['a', 'b'], 'k')
    await first.client.send(
      new UpdateShardCountCommand({ StreamName, TargetShardCount: 3, ScalingType: 'UNIFORM_SCALING' }),
    )
    await first.client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 48 }))
    await first.client.send(new AddTagsToStreamCommand({ StreamName, Tags: { team: 'taxi' } }))
    const { ConsumerARN } = await register(first.client)
    const [written = ''] = await put(first.client, StreamName, ['c'], 'k')
    await first.client.send(new DeleteStreamCommand({ StreamName: 'deleted' }))
    const shards = await listShards(first.client, StreamName)
    const { StreamDescriptionSummary: before } = await first.client.send(
      new DescribeStreamSummaryCommand({ StreamName }),
    )
    const from = await iterator(first.client, { StreamName })
    await first.close()

    const second = await open(directory, options)
    expect((await second.client.send(new ListStreamsCommand({}))).StreamNames).toEqual([StreamName])
    expect(await listShards(second.client, StreamName)).toEqual(shards)
    const { StreamDescriptionSummary: after } = await second.client.send(
      new DescribeStreamSummaryCommand({ StreamName }),
    )
    expect(after).toEqual(before)
    expect((await second.client.send(new ListTagsForStreamCommand({ StreamName }))).Tags).toHaveLength(1)
    const described = await second.client.send(new DescribeStreamConsumerCommand({ ConsumerARN }))
    expect(described.ConsumerDescription).toMatchObject({ ConsumerStatus: 'ACTIVE', StreamARN: STREAM_ARN })
    const read: string[] = []
    for (const { ShardId } of shards) {
      read.push(...(await texts(second.client, await iterator(second.client, { StreamName, ShardId }))))
    }
    expect(read).toEqual(['a', 'b', 'c'])
    const oldIterator = await get(second.client, from)
    expect(oldIterator.Records?.length ?? 0).toBe(
      (await get(second.client, await iterator(second.client, { StreamName }))).Records?.length,
    )
    const [next = ''] = await put(second.client, StreamName, ['d'], 'k')
    expect(next > written).toBe(true)
  })

  test('goes on after every restart', async () => {
    const directory = newDirectory()
    const numbers: string[] = []
    for (let restart = 0; restart < 5; restart++) {
      const { client, close } = await open(directory, options)
      if (restart === 0) await createStream(client, StreamName, 1)
      numbers.push(...(await put(client, StreamName, [`${restart}/a`, `${restart}/b`])))
      await close()
    }
    expect(numbers).toEqual([...numbers].sort())
    const { client } = await open(directory, options)
    const { Records } = await get(client, await iterator(client, { StreamName }))
    expect(Records?.map((record) => record.SequenceNumber)).toEqual(numbers)
  })
})

test('a tail that is half written is cut, wherever the write stopped', async () => {
  const directory = newDirectory()
  const first = await open(directory)
  await createStream(first.client, StreamName, 1)
  await put(first.client, StreamName, ['kept'])
  const path = newestFile(directory)
  const whole = statSync(path).size
  await put(first.client, StreamName, ['torn'])
  await first.close()
  const bytes = readFileSync(path)
  for (let length = whole; length < bytes.length; length++) {
    const copy = newDirectory()
    const folder = join(copy, 'streams', readdirSync(join(directory, 'streams'))[0] ?? '')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, '00000001.log'), bytes.subarray(0, length))
    const store = storeOf(copy)
    const [stream] = store.all()
    expect(stream?.openShards()[0]?.log.records).toBe(1)
    store.close()
  }
  writeFileSync(path, bytes.subarray(0, bytes.length - 1))
  const second = await open(directory)
  expect(await texts(second.client, await iterator(second.client, { StreamName }))).toEqual(['kept'])
  await put(second.client, StreamName, ['next'])
  await second.close()
  const third = await open(directory)
  expect(await texts(third.client, await iterator(third.client, { StreamName }))).toEqual(['kept', 'next'])
})

/** A store on a directory, without a server. */
function storeOf(path: string, fileBytes = 1e6, clock = manualClock()): StreamStore & { close(): void } {
  const directory = new Directory({ path, fsync: false, fileBytes, newSecret: () => 'secret' })
  const settings = { retentionMs: 1000, retentionBytes: Number.POSITIVE_INFINITY, streamCreationMs: 0, shardLimit: 10 }
  const store = new StreamStore(settings, directory)
  store.load(clock.environment.clock)
  return Object.assign(store, { close: () => directory.close() })
}

test('what is damaged before its end is refused, and named', async () => {
  const directory = newDirectory()
  const first = await open(directory)
  await createStream(first.client, StreamName, 1)
  for (const text of ['a', 'b', 'c']) await put(first.client, StreamName, [text])
  await first.close()
  const path = newestFile(directory)
  const bytes = readFileSync(path)
  const middle = bytes.length - 60
  for (const at of [0, 20, middle]) {
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ 0x40
    writeFileSync(path, damaged)
    const refusal = await errorOf(open(directory))
    expect(refusal.message).toContain(`${path} is damaged at byte `)
  }
  await expect(open(directory)).rejects.toMatchObject({ code: 'KINESIS_DIRECTORY_DAMAGED', domain: 'user' })
  writeFileSync(path, bytes)
  const second = await open(directory)
  expect(await texts(second.client, await iterator(second.client, { StreamName }))).toEqual(['a', 'b', 'c'])
})

test('files go when their records are past retention', async () => {
  const directory = newDirectory()
  const clock = manualClock()
  const kinesis = new Directory({ path: directory, fsync: false, fileBytes: 10_000, newSecret: () => 'secret' })
  const settings = { retentionMs: 1000, retentionBytes: Number.POSITIVE_INFINITY, streamCreationMs: 0, shardLimit: 10 }
  const store = new StreamStore(settings, kinesis)
  const stream = store.create(StreamName, { mode: 'PROVISIONED', shardCount: 1, tags: {} }, clock.environment.clock)
  const [shard] = stream.openShards()
  const files = (): number => readdirSync(join(directory, 'streams', String(stream.settings.epoch))).length
  const record = { partitionKey: 'k', partitionKeyBytes: 1, data: Buffer.alloc(600_000) }
  let most = 0
  for (let second = 0; second < 20; second++) {
    stream.append(shard!, record, clock.nowMs)
    await kinesis.commit()
    stream.trim(shard!, clock.nowMs)
    clock.nowMs += 200
    most = Math.max(most, files())
  }
  kinesis.close()
  expect(most).toBeLessThan(10)
  const again = storeOf(directory, 10_000, clock)
  const held = again.all()[0]?.openShards()[0]?.log.records ?? 0
  again.close()
  expect(held).toBeGreaterThan(3)
  expect(held).toBeLessThan(8)
})

test('two servers do not share a directory, but a lock that nobody holds is taken over', async () => {
  const directory = newDirectory()
  const first = await open(directory)
  await expect(startLocalKinesis({ directory })).rejects.toMatchObject({
    code: 'KINESIS_DIRECTORY_IN_USE',
    message: expect.stringContaining(`process ${process.pid} uses it`),
  })
  await first.close()
  // No process has this id: it is beyond what Linux allows.
  writeFileSync(join(directory, 'lock'), '2147483647\n')
  const second = await open(directory)
  await second.close()
  writeFileSync(join(directory, 'lock'), `${process.pid}\n`)
  await open(directory)
})

test('a directory that cannot be one is refused, and a server that cannot listen gives its back', async () => {
  const directory = newDirectory()
  const file = join(directory, 'file')
  appendFileSync(file, 'not a directory')
  await expect(startLocalKinesis({ directory: file })).rejects.toMatchObject({ code: 'KINESIS_DIRECTORY_FAILED' })
  const { server } = await open(join(directory, 'one'))
  const two = join(directory, 'two')
  await expect(startLocalKinesis({ directory: two, port: server.port })).rejects.toMatchObject({
    code: 'KINESIS_PORT_IN_USE',
  })
  await open(two)
})

test('what cannot be written is not acknowledged', async () => {
  const directory = newDirectory()
  const { client } = await open(directory)
  rmSync(join(directory, 'streams'), { recursive: true })
  expect((await errorOf(createStream(client, StreamName, 1))).name).toBe('InternalFailure')
  expect((await client.send(new ListStreamsCommand({}))).StreamNames).toEqual([])
})
