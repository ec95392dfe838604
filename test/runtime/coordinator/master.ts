import { seconds } from '../../../core/duration.js'
import { planOf } from '../../../core/graph/plan.js'
import { defineJob, type Job } from '../../../core/job/job.js'
import { valueState } from '../../../core/state/declare.js'
import { JobMaster, type JobMasterOptions } from '../../../runtime/coordinator/job-master.js'
import { fixedDelay } from '../../../runtime/coordinator/restart-strategy.js'
import { type VirtualEnvironment, virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { type FaultyStore, faultyStore } from '../fixture/faulty-store.js'
import type { LedgerSink } from '../fixture/ledger-sink.js'
import type { Row, Script } from '../fixture/script.js'
import { eventTime } from '../fixture/start.js'

/** Rows with how many of their key there were up to them: keyed state in front of the sink. */
export function countingJob(source: Script, sink: LedgerSink<Row>): Job<unknown> {
  return defineJob('counting', (job) => {
    job
      .from('rows', source, eventTime())
      .keyBy(({ key }) => key)
      .process('count', {
        state: { seen: valueState<number>() },
        process(row, { state }) {
          state.seen.update((state.seen.value() ?? 0) + 1)
          return [row]
        },
      })
      .to('out', sink)
  }) as Job<unknown>
}

export interface Mastered {
  readonly master: JobMaster
  readonly environment: VirtualEnvironment
  readonly store: FaultyStore
  /** Places of savepoints, by location. */
  readonly places: ReadonlyMap<string, FaultyStore>
  readonly result: Promise<unknown>
}

export interface MasterOptions extends Partial<Omit<JobMasterOptions, 'store' | 'environment' | 'checkpoints'>> {
  readonly store?: FaultyStore
  readonly places?: ReadonlyMap<string, FaultyStore>
  readonly checkpoints?: Partial<JobMasterOptions['checkpoints']>
}

/** A job on virtual time whose storage, and whose savepoints' places, a test can break. */
export async function startMaster(job: Job<unknown>, options: MasterOptions = {}): Promise<Mastered> {
  const { places = new Map<string, FaultyStore>(), store = faultyStore(), checkpoints, ...others } = options
  const environment = virtualEnvironment()
  const graph = job.build({}, {})
  const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
  const master = new JobMaster({
    graph,
    plan: (maxParallelism) => planOf(graph, { parallelism: 1, maxParallelism }),
    maxParallelism: undefined,
    parameters: {},
    environment,
    logger: quiet,
    store,
    mode: 'resume',
    resumeDrained: false,
    origin: undefined,
    allowDroppedState: false,
    allowRewind: false,
    openPlace: async (location) => places.get(location) ?? faultyStore(),
    savepointsAt: undefined,
    graceMs: 0,
    version: '0.0.0',
    checkpoints: {
      intervalMs: 10_000,
      minPauseMs: 0,
      timeoutMs: 5000,
      tolerableFailures: 0,
      retain: 1,
      ...checkpoints,
    },
    restart: fixedDelay({ attempts: 3, delay: seconds(1) }),
    limits: { channelRows: 2048, outputRows: 1024, outputOverflow: 100_000 },
    leavesFor: undefined,
    onStatus: () => undefined,
    ...others,
  })
  const result = master.run()
  result.catch(() => undefined)
  await environment.settle()
  return { master, environment, store, places, result }
}
