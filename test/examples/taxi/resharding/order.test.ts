import { join } from 'node:path'
import { Subject } from 'rxjs'
import { defineJob, type Job, millis, monotonous, valueState } from 'tidemark'
import { collectInto } from 'tidemark/collection'
import { jsonBytes, kinesis, kinesisSink } from 'tidemark/kinesis'
import { type JobHandle, type RunOptions, run } from 'tidemark/run'
import { fromObservable } from 'tidemark/rxjs'
import { startLocalKinesis } from 'tidemark/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kinesisAt, reshard, waitForStream } from '../../../../examples/taxi/replay/index.js'
import { choices, IS_WHOLE, SEED } from '../../../golden/taxi/seeded.js'
import { folderOfTest } from '../end-to-end/folder.js'

/** Where a cab is, for the n-th time. */
interface Reading {
  readonly cab: string
  readonly n: number
}

/** A reading as the state of its cab met it: the number before it, 0 for the first. */
interface Met extends Reading {
  readonly before: number
}

const CABS = 40
const STEPS = 32
const ROUNDS_A_STEP = 3
const stream = 'cabs'
const FAST = { callsPerSecond: Number.POSITIVE_INFINITY, bytesPerSecond: Number.POSITIVE_INFINITY }

interface Combination {
  readonly read: 'polling' | 'fan-out'
  readonly aggregate: boolean
}

const putJob = (readings: Subject<Reading>, endpoint: string, { aggregate }: Combination) =>
  defineJob('put', (job) => {
    job.from('readings', fromObservable(readings, { bounded: true })).to(
      'cabs',
      kinesisSink({
        stream,
        endpoint,
        encode: jsonBytes(),
        partitionKey: (reading: Reading) => reading.cab,
        ordering: 'perKey',
        aggregate: aggregate && { groups: 16 },
        maxDelayMs: 2,
      }),
    )
  })

const readJob = (met: Met[], endpoint: string, { read }: Combination) =>
  defineJob('read', (job) => {
    const source = kinesis({
      stream,
      endpoint,
      startAt: 'horizon',
      decode: (bytes): Reading => JSON.parse(Buffer.from(bytes).toString()),
      ...FAST,
      ...(read === 'fan-out' ? { fanOut: { consumerName: 'order' } } : {}),
    })
    job
      .from('cabs', source, monotonous({ timestamp: (reading) => reading.n }))
      .keyBy((reading) => reading.cab)
      .process('order', {
        state: { last: valueState<number>() },
        process(reading, { state }): readonly Met[] {
          const before = state.last.value() ?? 0
          state.last.update(reading.n)
          return [{ ...reading, before }]
        },
      })
      .to('met', collectInto(met))
  })

async function begin(job: Job<unknown>, options: RunOptions): Promise<JobHandle> {
  const handle = await run(job, { logger: SILENT, ...options })
  // A failure shows where the test waits for the job.
  handle.result.catch(ignore)
  onTestFinished(() => handle.cancel().then(ignore, ignore))
  return handle
}

/** Puts readings of all cabs while the stream is split and merged, and reads them at two parallelisms. */
async function metUnderReshards(combination: Combination, seed: number): Promise<readonly Met[]> {
  const random = choices(seed)
  const server = await startLocalKinesis({
    takeoverMs: 200,
    faults: [{ fault: { kind: 'throttle' }, rate: 0.01 }, { fault: { kind: 'failedRecords', rate: 0.01 } }],
  })
  const client = kinesisAt(server.url)
  onTestFinished(async () => {
    client.destroy()
    await server.close()
  })
  await waitForStream(client, stream, { createShards: 3 })
  const met: Met[] = []
  const savepoint = join(await folderOfTest(), 'savepoint')
  const reading = readJob(met, server.url, combination)
  const options = (): RunOptions => ({ parallelism: random.between(1, 6), checkpoints: { interval: millis(100) } })
  let reader = await begin(reading, options())
  const readings = new Subject<Reading>()
  const putter = await begin(putJob(readings, server.url, combination), {})
  await until(() => readings.observed)
  for (let step = 0; step < STEPS; step++) {
    for (let round = 1; round <= ROUNDS_A_STEP; round++) {
      for (let cab = 0; cab < CABS; cab++) readings.next({ cab: `cab ${cab}`, n: step * ROUNDS_A_STEP + round })
    }
    if (step === STEPS / 2) {
      await until(() => met.length > 0)
      await reader.stop({ savepoint })
      reader = await begin(reading, { ...options(), from: savepoint })
    }
    await reshard({ client, stream, times: 1, seed: seed + step, maxShards: 8, maxPauseMs: 10 })
  }
  readings.complete()
  await putter.result
  await reader.stop({ drain: 'atTip' })
  return met
}

/** The test's own timeout is what ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const ALL: readonly Combination[] = (['polling', 'fan-out'] as const).flatMap((read) =>
  [false, true].map((aggregate) => ({ read, aggregate })),
)
const sampled = IS_WHOLE ? ALL : choices(SEED).some(ALL, 1)
const cases = sampled.map((each) => [`${each.read}, ${each.aggregate ? 'aggregated' : 'plain'}`, each] as const)

describe(`records that were put in the order of their key, on a stream that is split and merged (seed ${SEED})`, () => {
  it.each(cases)('are each read once and in that order: %s', { timeout: 120_000 }, async (_name, combination) => {
    const met = await metUnderReshards(combination, SEED % 1_000_000)
    expect(met.filter(({ n, before }) => before !== n - 1)).toEqual([])
    expect(met).toHaveLength(CABS * STEPS * ROUNDS_A_STEP)
  })
})

const ignore = (): void => undefined
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore }
