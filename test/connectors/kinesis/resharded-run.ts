import { PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { expect, onTestFinished } from 'vitest'
import { type KinesisOptions, kinesis } from '../../../connectors/kinesis/index.js'
import { decodeUtf8 } from '../../../core/decode/index.js'
import type { Random } from '../../../core/environment.js'
import type { JobHandle } from '../../../runtime/local/handle.js'
import { type RunOptions, run } from '../../../runtime/run.js'
import { LedgerSink } from '../../runtime/fixture/ledger-sink.js'
import type { ReshardedSinks, reshardedJob, Seen } from '../../runtime/fixture/resharded-job.js'
import type { Row } from '../../runtime/fixture/script.js'
import { type Fixture, STREAM } from './fixture.js'
import { mergeShards, openShards, splitShard } from './resharding.js'

const KEYS = 24

export function rowSource({ server }: Fixture, options: Partial<KinesisOptions<Row>> = {}) {
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
export class Producer {
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

export const newSinks = (): ReshardedSinks => ({
  seen: new LedgerSink<Seen>(),
  windows: new LedgerSink(),
  late: new LedgerSink(),
})

export async function started(job: ReturnType<typeof reshardedJob>, options: RunOptions): Promise<JobHandle> {
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
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

export function expectEachOnce({ seen, windows, late }: ReshardedSinks, sent: number): void {
  expect(seen.visible.filter(({ late }) => late)).toEqual([])
  expect(late.visible).toEqual([])
  // As each key's state saw them, which is stricter than how the sinks' subtasks were committed.
  expect(seen.visible.filter(({ n, before }) => (before ?? n - KEYS) !== n - KEYS)).toEqual([])
  expect(seen.visible.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, n) => n + 1))
  expect(windows.visible.reduce((sum, { n }) => sum + n, 0)).toBe(sent)
}

export async function reshardOnce({ client }: Fixture, random: Random): Promise<void> {
  const open = await openShards(client)
  const index = Math.floor(random.next() * open.length)
  const [lower, upper] = [open[index], open[index + 1]]
  if (lower && upper && (open.length > 6 || random.next() < 0.5)) await mergeShards(client, [lower, upper])
  else if (lower) await splitShard(client, lower, { at: 0.1 + 0.8 * random.next() })
}
