import { BehaviorSubject, Observable } from 'rxjs'
import type { Sink, Source } from '../core/connector.js'
import type { Logger } from '../core/context.js'
import { type Duration, millis, minutes, seconds } from '../core/duration.js'
import type { Environment } from '../core/environment.js'
import { TidemarkError } from '../core/errors.js'
import { planOf } from '../core/graph/plan.js'
import type { Job } from '../core/job/job.js'
import type { ParameterTree } from '../core/parameters/layers.js'
import { type ParameterLayers, resolveParameters } from '../core/parameters/resolve.js'
import { requireRunnable } from './check-options.js'
import type { StopRequest } from './coordinator/generation.js'
import { JobMaster } from './coordinator/job-master.js'
import type { JobStatus } from './coordinator/job-status.js'
import { exponentialDelay, noRestart, type RestartStrategy } from './coordinator/restart-strategy.js'
import { systemEnvironment } from './environment/system.js'
import type { JobHandle, JobResult, StopOptions } from './local/handle.js'
import { finite, type JobProgress, summarise } from './local/progress.js'
import { childLogger } from './observe/child-logger.js'
import { lineLogger } from './observe/console-logger.js'
import { shortFingerprint } from './observe/fingerprint.js'
import type { ObservedJob } from './observe/observed-job.js'
import type { Operable } from './operations/operable.js'
import type { OperationsOptions } from './operations/options.js'
import { openState, type StateOptions } from './state/options.js'
import { openCheckedStore } from './storage/checked-store.js'
import type { ObjectStore } from './storage/object-store.js'
import { openStore, parseLocation } from './storage/open-store.js'
import type { S3StoreOptions } from './storage/s3/options.js'
import { requireEmpty } from './storage/savepoint-objects.js'
import { versionOfPackage } from './version.js'

export interface CheckpointOptions {
  /**
   * A folder, `s3://bucket/prefix`, or a store. Default: memory, which is enough to restart after a failure, and to make
   * the output of exactly-once sinks visible, while the process lives.
   */
  readonly to?: string | ObjectStore
  /** How to reach S3, where `to` is on it. See docs/storage.md. */
  readonly s3?: S3StoreOptions
  /** Default 10 s. */
  readonly interval?: Duration
  /** From the end of one to the start of the next. Default 0. */
  readonly minPause?: Duration
  /** Default 10 min. */
  readonly timeout?: Duration
  /** Failures in a row that only count. Default 0: the first one restarts the job. */
  readonly tolerableFailures?: number
  /** Completed ones that are kept. Default 1. */
  readonly retain?: number
  /**
   * Goes on from the newest checkpoint; starts fresh where there is none. Default false: a place that holds
   * checkpoints is refused.
   */
  readonly resume?: boolean
  /** Goes on behind a drain, as if its end of input had not been. Default false: a drained job counts as finished. */
  readonly resumeDrained?: boolean
  /** State of steps that the job no longer has is dropped, and logged. Default false: it is refused. */
  readonly allowDroppedState?: boolean
  /**
   * How old what no checkpoint needs has to be when it is swept away at the start of a generation: somebody may be reading
   * it. Default 0.
   */
  readonly grace?: Duration
}

export interface SavepointStart {
  /** A folder or `s3://bucket/prefix`. */
  readonly savepoint: string
  /** The savepoint becomes the job's own, and is deleted when its first checkpoint is complete. Default false. */
  readonly claim?: boolean
  /**
   * Goes back to it though the job has shown output since, which is then written once more. Default false: it is refused
   * where a sink can tell.
   */
  readonly allowRewind?: boolean
}

export interface RunOptions {
  /** Validated by the job's schema. */
  readonly params?: ParameterTree
  /** What overrides `params`: a file's content, the environment, the command line. */
  readonly paramLayers?: Omit<ParameterLayers<unknown>, 'schema' | 'defaults'>
  /** Subtasks of every operator that does not set its own. Default: the job's, or 1. */
  readonly parallelism?: number
  readonly maxParallelism?: number
  readonly checkpoints?: CheckpointOptions
  /** Default with `checkpoints.to`: exponential delay, 1 s to 1 min, without end. Without it: none, as in Flink. */
  readonly restart?: RestartStrategy
  /** Where keyed state is while the job runs. Default 'heap'. */
  readonly state?: StateOptions
  /**
   * Starts with the state of a savepoint, at any parallelism. What the savepoint has to commit is committed first. With
   * `checkpoints.resume` it counts only while `checkpoints.to` holds nothing: the same options start and go on.
   */
  readonly from?: string | SavepointStart
  /** Replace connectors of the job, by id. */
  readonly sources?: Readonly<Record<string, Source<unknown>>>
  readonly sinks?: Readonly<Record<string, Sink<unknown>>>
  /** Default: warnings and errors to standard error. */
  readonly logger?: Logger
  /** Serves health, metrics and control of the job over HTTP while it runs. Default false. See docs/operations.md. */
  readonly operations?: false | OperationsOptions
  readonly environment?: Environment
  readonly limits?: {
    /** Rows a channel between subtasks holds. Default 2048. */
    readonly channelRows?: number
    /** Rows an operator's output holds. Default 1024. */
    readonly outputRows?: number
    /** Rows that one call of a user's function may emit beyond that. Default 100,000. */
    readonly outputOverflow?: number
  }
}

const PROGRESS_INTERVAL_MS = 1000

/**
 * Runs a job in this process.
 *
 * @example
 * const handle = await run(job, { parallelism: 2, checkpoints: { to: 'state/taxi', resume: true } })
 * process.once('SIGTERM', () => handle.stop())
 * await handle.result
 * @throws TidemarkError when the job, its parameters or the options are wrong. What breaks later rejects `result`.
 */
export async function run<P>(job: Job<P>, options: RunOptions = {}): Promise<JobHandle> {
  requireRunnable(job, options)
  const environment = options.environment ?? systemEnvironment()
  const logger = childLogger(
    options.logger ?? lineLogger({ write: (line) => void process.stderr.write(`${line}\n`) }),
    { job: job.name },
  )
  const parameters = await resolveParameters({
    schema: job.parameters,
    ...options.paramLayers,
    ...(options.params ? { defaults: options.params } : {}),
  })
  const graph = job.build(parameters, {
    ...(options.sources ? { sources: options.sources } : {}),
    ...(options.sinks ? { sinks: options.sinks } : {}),
  })
  const { parallelism, maxParallelism = job.maxParallelism, from } = options
  const plan = (fixed: number | undefined) => planOf(graph, { parallelism, maxParallelism: fixed ?? maxParallelism })
  // What cannot be planned is refused here, before storage is touched.
  plan(undefined)
  const { to, interval, minPause, timeout, tolerableFailures, retain, resume, resumeDrained } =
    options.checkpoints ?? {}
  const state = await openState(options.state ?? 'heap', environment)
  const { store, close: closeStore } = await openCheckedStore(options.checkpoints ?? {}, environment).catch(
    async (error: unknown) => {
      await state.close()
      throw error
    },
  )
  const status$ = new BehaviorSubject<JobStatus>('created')
  const turns = { count: 0, totalMs: 0, longestMs: 0 }
  let restarts = 0
  const master = new JobMaster({
    graph,
    plan,
    maxParallelism,
    // A schema's output is an object: anything else is refused by its validation.
    parameters: parameters as Readonly<Record<string, unknown>>,
    environment,
    logger,
    store,
    mode: resume ? 'resume' : 'fresh',
    resumeDrained: resumeDrained ?? false,
    origin: typeof from === 'string' ? { location: from, isClaimed: false } : from && originOf(from),
    allowDroppedState: options.checkpoints?.allowDroppedState ?? false,
    allowRewind: typeof from === 'object' && from.allowRewind === true,
    openPlace: (location) => openPlace(location, options.checkpoints?.s3, environment),
    savepointsAt: typeof to === 'string' ? (name) => `${to.replace(/\/+$/, '')}/${name}` : undefined,
    graceMs: options.checkpoints?.grace?.ms ?? 0,
    version: versionOfPackage(),
    checkpoints: {
      intervalMs: positive('checkpoints.interval', interval ?? seconds(10)),
      minPauseMs: (minPause ?? millis(0)).ms,
      timeoutMs: positive('checkpoints.timeout', timeout ?? minutes(10)),
      tolerableFailures: tolerableFailures ?? 0,
      retain: Math.max(1, retain ?? 1),
    },
    restart: options.restart ?? (to === undefined ? noRestart() : exponentialDelay()),
    limits: {
      channelRows: options.limits?.channelRows ?? 2048,
      outputRows: options.limits?.outputRows ?? 1024,
      outputOverflow: options.limits?.outputOverflow ?? 100_000,
    },
    leavesFor: state.leavesFor,
    onStatus: (status) => {
      if (status === 'restarting') restarts++
      status$.next(status)
    },
    onTurn: (heldMs) => {
      turns.count++
      turns.totalMs += heldMs
      if (heldMs > turns.longestMs) turns.longestMs = heldMs
    },
  })

  const progress = (): JobProgress => {
    const operators = summarise(master.execution?.readings() ?? [])
    const sources = operators.filter(({ id }) => graph.nodes.some((node) => node.kind === 'source' && node.id === id))
    return {
      status: master.status,
      generation: master.generation,
      recordsRead: sources.reduce((total, { recordsIn }) => total + recordsIn, 0),
      watermark: finite(Math.min(...sources.map((source) => source.watermark ?? Number.NEGATIVE_INFINITY))),
      checkpoints: { ...master.totals },
      operators,
      longestTurnMs: turns.longestMs,
    }
  }
  const stop = async (how: StopOptions | undefined): Promise<void> => {
    const request: StopRequest = how?.drain ? { kind: 'drain', where: how.drain } : { kind: 'stop' }
    if (!how?.savepoint) return master.stop(request)
    const place = await openPlace(
      master.placeOf(how.savepoint === true ? undefined : how.savepoint),
      options.checkpoints?.s3,
      environment,
    )
    try {
      // A place that cannot take it is to be known while the job runs.
      await requireEmpty(place)
      master.stop({ ...request, savepoint: place })
    } catch (error) {
      await place.close()
      throw error
    }
    places.push(place)
  }
  const places: ObjectStore[] = []
  const observed: ObservedJob = {
    name: job.name,
    fingerprint: shortFingerprint(graph.fingerprint),
    location: store.location,
    get status() {
      return master.status
    },
    get generation() {
      return master.generation
    },
    get restarts() {
      return restarts
    },
    get maxParallelism() {
      return master.execution?.maxParallelism ?? plan(undefined).maxParallelism
    },
    get failure() {
      return master.failure
    },
    checkpoints: master.totals,
    turns,
    operators: () => master.execution?.readings() ?? [],
    tasks: () => master.execution?.activities() ?? [],
  }
  const operable: Operable = {
    get status() {
      return master.status
    },
    progress,
    savepoint: (where) => master.savepoint(where?.to),
    stop: async (how) => {
      await stop(how)
      return outcome
    },
  }
  // It listens before anything starts: a port that is taken stops nothing but the start.
  const operations = options.operations
    ? await (await import('./operations/server.js'))
        .serveOperations({
          options: options.operations,
          job: observed,
          handle: operable,
          environment,
          logger,
        })
        .catch(async (error: unknown) => {
          await state.close()
          await closeStore()
          throw error
        })
    : undefined
  const ended = new AbortController()
  const outcome = master
    .run()
    .then((final): JobResult => {
      const { lastSavepoint } = master
      const ended = { status: final as JobResult['status'], progress: progress() }
      return lastSavepoint ? { ...ended, savepoint: lastSavepoint } : ended
    })
    .finally(async () => {
      ended.abort()
      status$.complete()
      for (const place of places) await place.close()
      await state.close()
      await closeStore()
    })
  // Whoever asked it to stop gets the answer before the process can end.
  const result = operations ? outcome.finally(() => operations.close()) : outcome
  // Whoever only watches the status must not be ended by an unhandled rejection.
  result.catch(() => undefined)
  return {
    get status() {
      return master.status
    },
    status$: status$.asObservable(),
    progress$: observeProgress(environment, progress, ended.signal),
    progress,
    result,
    operationsUrl: operations?.url,
    stop: async (how?: StopOptions) => {
      await stop(how)
      return result
    },
    cancel: () => {
      master.stop({ kind: 'cancel' })
      return result
    },
    checkpoint: () => master.checkpoint(),
    savepoint: (where) => master.savepoint(where?.to),
  }
}

function originOf({ savepoint, claim = false }: SavepointStart) {
  return { location: savepoint, isClaimed: claim }
}

/** Of a savepoint. The options for S3 are those of the checkpoints. */
function openPlace(location: string, s3: S3StoreOptions | undefined, environment: Environment): Promise<ObjectStore> {
  const isOnS3 = parseLocation(location).kind === 's3'
  return openStore(location, { environment, ...(isOnS3 && s3 ? { s3 } : {}) })
}

function observeProgress(
  environment: Environment,
  progress: () => JobProgress,
  ended: AbortSignal,
): Observable<JobProgress> {
  return new Observable((subscriber) => {
    let cancel = (): void => {}
    const tick = (): void => {
      // First the timer: who unsubscribes at this value cancels it.
      cancel = environment.timers.after(PROGRESS_INTERVAL_MS, tick)
      subscriber.next(progress())
    }
    const finish = (): void => {
      cancel()
      subscriber.next(progress())
      subscriber.complete()
    }
    if (ended.aborted) return finish()
    tick()
    ended.addEventListener('abort', finish, { once: true })
    return () => {
      cancel()
      ended.removeEventListener('abort', finish)
    }
  })
}

function positive(name: string, duration: Duration): number {
  if (duration.ms > 0) return duration.ms
  throw new TidemarkError({
    code: 'OPTION_INVALID',
    domain: 'user',
    message: `${name} is ${duration.ms} ms: it has to be longer than 0`,
  })
}
