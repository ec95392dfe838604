import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DescribeStreamConsumerCommand,
  type KinesisClient,
  PutRecordsCommand,
  UpdateShardCountCommand,
} from '@aws-sdk/client-kinesis'
import { expect, onTestFinished, test } from 'vitest'
import { seededRandom } from '../../../../core/random.js'
import { localKinesisClient } from '../client.js'
import { startProcess } from './dev-process.js'
import { register } from './fan-out.fixture.js'
import { createStream, get, iterator, listShards } from './fixture.js'

const StreamName = 'taxi'
const SEED = 20_261_121
const WRITERS = 4

/** What a writer was told to be written, in its order. */
interface Acknowledged {
  readonly text: string
  readonly number: string
}

test.each([{ fsync: false }, { fsync: true }])(
  `what was acknowledged before a SIGKILL is there after it, in order, %j (seed ${SEED})`,
  async ({ fsync }) => {
    const directory = mkdtempSync(join(tmpdir(), 'tidemark-kinesis-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const random = seededRandom(SEED)
    const acknowledged = Array.from({ length: WRITERS }, (): Acknowledged[] => [])
    let consumerArn: string | undefined
    for (let life = 0; life < 3; life++) {
      const { child, url } = await startProcess({ directory, fsync })
      const client = localKinesisClient(url)
      if (life === 0) await createStream(client, StreamName, 2)
      consumerArn ??= (await register(client)).ConsumerARN
      await check(client, acknowledged, consumerArn)
      const target = { StreamName, TargetShardCount: 3 - (life % 2), ScalingType: 'UNIFORM_SCALING' } as const
      await client.send(new UpdateShardCountCommand(target))
      // Dies while the writers write: they end when their calls fail.
      let left = 40 + Math.floor(random.next() * 100)
      const exited = once(child, 'exit')
      const kill = (): void => {
        if (--left === 0) child.kill('SIGKILL')
      }
      await Promise.all(acknowledged.map((mine, writer) => write(client, { mine, name: `${life}-${writer}`, kill })))
      expect(await exited).toEqual([null, 'SIGKILL'])
      client.destroy()
    }
    const { url } = await startProcess({ directory, fsync })
    const client = localKinesisClient(url)
    onTestFinished(() => client.destroy())
    await check(client, acknowledged, consumerArn)
  },
  120_000,
)

interface Writing {
  readonly mine: Acknowledged[]
  readonly name: string
  /** Called after each call that was answered. */
  kill(): void
}

async function write(client: KinesisClient, { mine, name, kill }: Writing): Promise<void> {
  for (let call = 0; ; call++) {
    const texts = Array.from({ length: 10 }, (_, index) => `${name}/${call}/${index}`)
    const Records = texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: name }))
    const answer = await client.send(new PutRecordsCommand({ StreamName, Records })).catch(() => undefined)
    if (answer === undefined) return
    for (const [index, text] of texts.entries()) {
      mine.push({ text, number: answer.Records?.[index]?.SequenceNumber ?? 'none' })
    }
    kill()
  }
}

async function check(
  client: KinesisClient,
  acknowledged: readonly (readonly Acknowledged[])[],
  ConsumerARN: string | undefined,
): Promise<void> {
  const stored = new Map<string, string>()
  const numbers: string[] = []
  for (const { ShardId } of await listShards(client, StreamName)) {
    for (let next: string | undefined = await iterator(client, { StreamName, ShardId }); next !== undefined; ) {
      const { Records = [], NextShardIterator } = await get(client, next)
      for (const { Data, SequenceNumber = 'none' } of Records) {
        stored.set(Buffer.from(Data ?? []).toString(), SequenceNumber)
        numbers.push(SequenceNumber)
      }
      next = Records.length === 0 ? undefined : (NextShardIterator ?? undefined)
    }
  }
  expect(new Set(numbers).size).toBe(numbers.length)
  for (const mine of acknowledged) {
    expect(mine.map(({ text }) => stored.get(text))).toEqual(mine.map(({ number }) => number))
    expect(mine.map(({ number }) => number)).toEqual(mine.map(({ number }) => number).sort())
  }
  const { ConsumerDescription } = await client.send(new DescribeStreamConsumerCommand({ ConsumerARN }))
  expect(ConsumerDescription?.ConsumerStatus).toBe('ACTIVE')
}
