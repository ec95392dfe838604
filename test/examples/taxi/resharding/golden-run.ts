import { join } from 'node:path'
import { millis } from 'tidemark'
import { type JobHandle, type JobResult, type RunOptions, run } from 'tidemark/run'
import { type KinesisFaultRule, startLocalKinesis } from 'tidemark/testing'
import { expect, onTestFinished } from 'vitest'
import type { TripEvent } from '../../../../examples/taxi/events/index.js'
import taxiHotspots from '../../../../examples/taxi/job.js'
import { kinesisAt, replay, reshard, waitForStream } from '../../../../examples/taxi/replay/index.js'
import { countEvents } from '../../../../examples/taxi/run/progress.js'
import { generateTrips, orderByDropoff } from '../../../../examples/taxi/trips/index.js'
import { expectSameRows } from '../../../golden/taxi/compare.js'
import { goldenResults } from '../../../golden/taxi/results.js'
import { folderOfTest } from '../end-to-end/folder.js'
import { outputOf } from '../end-to-end/output.js'

export interface Combination {
  readonly read: 'polling' | 'fan-out'
  readonly put: 'plain' | 'aggregated'
  /** Open shards stay between one and four more than these. */
  readonly shards: number
  readonly parallelism: number
  /** After the savepoint. */
  readonly parallelismThen: number
}

const TRIPS = 6000
const STEPS = 34
/** Before these steps the savepoint is asked for, the job is started from it, and is killed and started again. */
const [SAVEPOINT, RESTORE, RESTART] = [8, 15, 24]

/** One call of a hundred is throttled, and one record of a hundred that are put is refused. */
const FAULTS: readonly KinesisFaultRule[] = [
  { fault: { kind: 'throttle' }, rate: 0.01 },
  { fault: { kind: 'failedRecords', rate: 0.01 } },
]

/**
 * The taxi job on a stream that is split or merged before each portion of the trips, also while a savepoint is taken, the
 * job starts from it, is killed and starts again. Its results must be those of the plain code.
 */
export async function expectGoldenUnderReshards(combination: Combination, seed: number): Promise<void> {
  const server = await startLocalKinesis({ faults: FAULTS, takeoverMs: 200 })
  const client = kinesisAt(server.url)
  onTestFinished(async () => {
    client.destroy()
    await server.close()
  })
  const stream = 'taxi'
  await waitForStream(client, stream, { createShards: combination.shards })
  const trips: TripEvent[] = []
  for await (const batch of orderByDropoff(generateTrips({ trips: TRIPS, seed: seed % 1000 })).trips)
    trips.push(...batch)
  const job = await taxiJob(combination, server.url)
  let resharded = 0

  async function* inSteps(): AsyncGenerator<readonly TripEvent[]> {
    const size = Math.ceil(trips.length / STEPS)
    for (let step = 0; step < STEPS; step++) {
      if (step === SAVEPOINT) await job.stopWithSavepoint()
      if (step === RESTORE) await job.startFromSavepoint()
      if (step === RESTART) await job.killAndStart()
      const { splits, merges } = await reshard({
        client,
        stream,
        times: 1,
        seed: seed + step,
        maxShards: 8,
        maxPauseMs: 4,
      })
      resharded += splits + merges
      yield trips.slice(step * size, (step + 1) * size)
    }
  }

  const progress = await replay({
    client,
    stream,
    trips: inSteps(),
    speedup: 'max',
    aggregate: combination.put === 'aggregated',
    tripsPerMarker: 200,
  })
  await job.drain()
  expect(resharded).toBeGreaterThanOrEqual(30)
  expect(server.faults.injected().failedRecords).toBeGreaterThan(0)
  expect(progress).toMatchObject({ acknowledged: TRIPS, uncertain: 0 })
  expectSameRows(await outputOf(job.out, 'jsonl'), goldenResults(trips))
}

/** The job until its savepoint, from there until it is killed, and from its last checkpoint until the end. */
async function taxiJob({ read, parallelism, parallelismThen }: Combination, kinesis: string) {
  const folder = await folderOfTest()
  const out = join(folder, 'out')
  const savepoint = join(folder, 'savepoint')
  const checkpoints = { to: join(folder, 'checkpoints'), interval: millis(100) }
  const results: JobResult[] = []
  const begin = async (options: RunOptions): Promise<JobHandle> => {
    const handle = await run(taxiHotspots, {
      params: { kinesis, out, format: 'jsonl', consumer: read === 'fan-out' ? 'taxi-hotspots' : undefined },
      logger: SILENT,
      ...options,
    })
    // A failure shows where the test waits for the job.
    handle.result.then((result) => results.push(result), ignore)
    onTestFinished(() => handle.cancel().then(ignore, ignore))
    return handle
  }
  let handle = await begin({ parallelism, checkpoints: { interval: millis(100) } })
  let stopping: Promise<JobResult> = handle.result
  let starting: Promise<JobHandle> = Promise.resolve(handle)
  /** The test's own timeout is what ends it. */
  const hasRead = async (): Promise<void> => {
    while (handle.progress().recordsRead === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return {
    out,
    async stopWithSavepoint(): Promise<void> {
      await hasRead()
      stopping = handle.stop({ savepoint })
      stopping.catch(ignore)
    },
    async startFromSavepoint(): Promise<void> {
      expect(await stopping).toMatchObject({ status: 'stopped' })
      starting = begin({ parallelism: parallelismThen, from: savepoint, checkpoints })
      starting.catch(ignore)
    },
    async killAndStart(): Promise<void> {
      handle = await starting
      await hasRead()
      await handle.checkpoint()
      await handle.cancel()
      starting = begin({ parallelism: parallelismThen, checkpoints: { ...checkpoints, resume: true } })
      starting.catch(ignore)
    },
    async drain(): Promise<void> {
      handle = await starting
      const result = await handle.stop({ drain: 'atTip' })
      expect(result.status).toBe('finished')
      expect(results.map(({ status }) => status)).toEqual(['stopped', 'cancelled', 'finished'])
      for (const { progress } of results) expect(countEvents(progress)).toMatchObject({ late: 0, malformed: 0 })
    },
  }
}

const ignore = (): void => undefined
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore }
