import { PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { expect, onTestFinished, test } from 'vitest'
import { type KinesisOptions, kinesis } from '../../../connectors/kinesis/index.js'
import { decodeUtf8 } from '../../../core/decode/index.js'
import { millis, seconds } from '../../../core/duration.js'
import type { Random } from '../../../core/environment.js'
import { seededRandom } from '../../../core/random.js'
import type { JobHandle } from '../../../runtime/local/handle.js'
import { type RunOptions, run } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { LedgerSink } from '../../runtime/fixture/ledger-sink.js'
import { type ReshardedSinks, reshardedJob, type Seen } from '../../runtime/fixture/resharded-job.js'
import type { Row } from '../../runtime/fixture/script.js'
import { type Fixture, STREAM, startStream } from './fixture.js'
import { mergeShards, openShards, splitShard } from './resharding.js'

const KEYS = 24

function rowSource({ server }: Fixture, options: Partial<KinesisOptions<Row>> = {}) {
  return kinesis<Row>({
    stream: STREAM,
    startAt: 'horizon',
    endpoint: server.url,
    decode: (bytes) => JSON.parse(decodeUtf8(bytes)) as Row,
    callsPerSecond: Number.POSITIVE_INFINITY,
    bytesPerSecond: Number.POSITIVE_INFINITY,
    pollIntervalMs: 5,
    maxPollIntervalMs: 20,
    discoveryIntervalMs: 500,
    ...options,
  } as KinesisOptions<Row>) // A spread of partial options loses which of stream and streamArn is given.
}

/** Rows of all keys in turn, numbered over all puts. */
class Producer {
  sent = 0
  private readonly fixture: Fixture

  constructor(fixture: Fixture) {
    this.fixture = fixture
  }

  async put(count: number): Promise<void> {
    const Records = Array.from({ length: count }, () => {
      const n = ++this.sent
      const row: Row = { key: `k${n % KEYS}`, at: n * 1000, n }
      return { Data: Buffer.from(JSON.stringify(row)), PartitionKey: row.key }
    })
    const { FailedRecordCount } = await this.fixture.client.send(new PutRecordsCommand({ StreamName: STREAM, Records }))
    expect(FailedRecordCount).toBe(0)
  }
}

const newSinks = (): ReshardedSinks => ({
  seen: new LedgerSink<Seen>(),
  windows: new LedgerSink(),
  late: new LedgerSink(),
})

async function started(job: ReturnType<typeof reshardedJob>, options: RunOptions): Promise<JobHandle> {
  const ignore = (): void => undefined
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const handle = await run(job, { logger, ...options })
  onTestFinished(async () => {
    await handle.cancel().catch(() => undefined)
  })
  // A failure shows where the test waits for the job.
  handle.result.catch(() => undefined)
  await until(() => handle.status !== 'created' && handle.status !== 'starting')
  return handle
}

/** The test's own timeout is what ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

function expectEachOnce({ seen, windows, late }: ReshardedSinks, sent: number): void {
  expect(seen.visible.filter(({ late }) => late)).toEqual([])
  expect(late.visible).toEqual([])
  // As each key's state saw them, which is stricter than how the sinks' subtasks were committed.
  expect(seen.visible.filter(({ n, before }) => (before ?? n - KEYS) !== n - KEYS)).toEqual([])
  expect(seen.visible.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, n) => n + 1))
  expect(windows.visible.reduce((sum, { n }) => sum + n, 0)).toBe(sent)
}

async function reshardOnce({ client }: Fixture, random: Random): Promise<void> {
  const open = await openShards(client)
  const index = Math.floor(random.next() * open.length)
  const [lower, upper] = [open[index], open[index + 1]]
  if (lower && upper && (open.length > 6 || random.next() < 0.5)) await mergeShards(client, [lower, upper])
  else if (lower) await splitShard(client, lower, { at: 0.1 + 0.8 * random.next() })
}

test('two splits and a merge while the job reads: each record once, in the order of its key, none late', async () => {
  const fixture = await startStream(1)
  const producer = new Producer(fixture)
  const into = newSinks()
  const handle = await started(reshardedJob(rowSource(fixture), into), { parallelism: 2 })
  await producer.put(200)
  await splitShard(fixture.client, (await openShards(fixture.client))[0]!)
  await producer.put(200)
  await splitShard(fixture.client, (await openShards(fixture.client))[1]!)
  await producer.put(200)
  const [, left, right] = await openShards(fixture.client)
  await mergeShards(fixture.client, [left!, right!])
  await producer.put(200)
  await handle.stop({ drain: 'atTip' })
  expectEachOnce(into, producer.sent)
})

test.each([1, 2, 3])('random reshards, checkpoints, failures and other parallelisms, run %i', async (round) => {
  const seed = (Number(process.env['TIDEMARK_SEED'] ?? 0) + round * 7919) >>> 0
  const random = seededRandom(seed)
  const fixture = await startStream(2)
  const producer = new Producer(fixture)
  const into = newSinks()
  const job = reshardedJob(rowSource(fixture), into)
  const store = memoryStore()
  const checkpoints = { to: store, interval: millis(100), resume: true }
  const options = (): RunOptions => ({ parallelism: 1 + Math.floor(random.next() * 4), checkpoints })
  let handle = await started(job, options())
  for (let step = 0; step < 12; step++) {
    await producer.put(50 + Math.floor(random.next() * 100))
    await reshardOnce(fixture, random)
    if (random.next() < 0.3) await until(() => into.seen.visible.length === producer.sent)
    const choice = random.next()
    if (choice < 0.2) await handle.checkpoint()
    else if (choice < 0.35) {
      await handle.stop()
      handle = await started(job, options())
    } else if (choice < 0.5) {
      await handle.cancel()
      handle = await started(job, options())
    }
  }
  await producer.put(100)
  await handle.stop({ drain: 'atTip' })
  expectEachOnce(into, producer.sent)
})

test('a stream that was resharded before the start is read to the tip, parents first', async () => {
  const fixture = await startStream(2)
  const producer = new Producer(fixture)
  const random = seededRandom(5)
  for (let step = 0; step < 10; step++) {
    await producer.put(60)
    await reshardOnce(fixture, random)
  }
  await producer.put(60)
  for (const parallelism of [1, 3]) {
    const into = newSinks()
    const job = reshardedJob(rowSource(fixture, { endAt: 'tip' }), into)
    const handle = await started(job, { parallelism, checkpoints: { interval: seconds(3600) } })
    expect((await handle.result).status).toBe('finished')
    expectEachOnce(into, producer.sent)
  }
})
