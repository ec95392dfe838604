import type { JobEvent, JobState } from '../../core/checkpoint/job-state.js'
import { savepointsPath } from '../../core/checkpoint/paths.js'
import { type RecoveryDecision, resolve, type StartMode } from '../../core/checkpoint/resolve.js'
import type { Committer } from '../../core/connector.js'
import { type Environment, sleep } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { ExecutionPlan } from '../../core/graph/execution-plan.js'
import type { DeploymentOptions, ExecutionLimits } from '../local/deployment.js'
import type { Execution } from '../local/execution.js'
import { readManifest, sweepCheckpoints } from '../storage/checkpoint-objects.js'
import type { CheckpointSettings, CompletedCheckpoint } from './checkpoint-coordinator.js'
import { commitCheckpoint } from './commit.js'
import { closeCommitters, openCommitters } from './committers.js'
import { type CheckpointTotals, Generation, type GenerationOutcome, type StopRequest } from './generation.js'
import { JobLog } from './job-log.js'
import { isFinal, JOB_TRANSITIONS, type JobStatus } from './job-status.js'
import { LastSavepoint } from './last-savepoint.js'
import type { RestartStrategy } from './restart-strategy.js'
import type { Savepoint } from './savepoint.js'
import { isSavepoint, StartingPoint, type StartingPointOptions } from './starting-point.js'

export interface JobMasterOptions extends StartingPointOptions {
  /** The plan for a max parallelism: that one is known only when the log has been read. */
  readonly plan: (maxParallelism: number | undefined) => ExecutionPlan
  readonly maxParallelism: number | undefined
  readonly parameters: Readonly<Record<string, unknown>>
  readonly environment: Environment
  readonly mode: StartMode
  readonly resumeDrained: boolean
  /** Where savepoints go when nothing else is said; undefined: somebody has to say it. */
  readonly savepointsAt: ((name: string) => string) | undefined
  /** What a sweep leaves alone when it is younger. */
  readonly graceMs: number
  readonly version: string
  readonly checkpoints: CheckpointSettings & { readonly retain: number }
  readonly restart: RestartStrategy
  readonly limits: ExecutionLimits
  readonly leavesFor: DeploymentOptions['leavesFor']
  readonly onStatus: (status: JobStatus) => void
  /** How long each turn of the tasks held the event loop. */
  readonly onTurn?: (heldMs: number) => void
}

interface Decisions {
  /** The entry that makes the job this process's own, behind a state that another may have written. */
  readonly claim: (state: JobState | undefined) => JobEvent
  /** As of the newest entry. */
  readonly decide: () => RecoveryDecision
}

/**
 * Runs one job to its end: decides what to start from, deploys one generation after another, takes checkpoints, and
 * commits what they cover. The log's entry is what makes anything so; output is committed only after it.
 */
export class JobMaster {
  /** Taken by a stop. */
  lastSavepoint: Savepoint | undefined
  readonly totals: CheckpointTotals = { completed: 0, failed: 0, last: undefined }
  private readonly options: JobMasterOptions
  private readonly failures: number[] = []
  private readonly cancelled = new AbortController()
  /** Ends the pause before a restart. */
  private interrupt = new AbortController()
  private log: JobLog | undefined
  private current: JobStatus = 'created'
  private running: Generation | undefined
  private latest: Generation | undefined
  private stopRequest: StopRequest | undefined
  /** Asked for by the stop. */
  private toTake: LastSavepoint | undefined
  private lastError: unknown
  private readonly start: StartingPoint

  constructor(options: JobMasterOptions) {
    this.options = options
    this.start = new StartingPoint(options)
  }

  get status(): JobStatus {
    return this.current
  }

  get generation(): number {
    return this.log?.state?.generation ?? 0
  }

  /** Of the latest generation; still readable when that has ended. */
  get execution(): Execution | undefined {
    return this.latest?.execution
  }

  /** What broke the last generation that failed. */
  get failure(): unknown {
    return this.lastError
  }

  /** Resolves with the final status; rejects with what ended a job that failed. */
  async run(): Promise<JobStatus> {
    try {
      const final = await this.runGenerations()
      this.enter(final)
      return final
    } catch (thrown) {
      const error = asTidemarkError(thrown)
      this.lastError = error
      await this.toTake?.discard()
      this.enter('failed')
      throw error
    } finally {
      await this.start.close()
    }
  }

  /** @throws TidemarkError JOB_NOT_RUNNING for a savepoint that an earlier stop, or the job's end, leaves no time for */
  stop(request: StopRequest): void {
    const isCancel = request.kind === 'cancel'
    if (!isCancel && request.savepoint) {
      if (isFinal(this.current) || this.stopRequest) throw this.notRunning('a savepoint')
      this.toTake = new LastSavepoint(request.savepoint, this.options.environment)
    }
    if (isFinal(this.current)) return
    // The first request counts; only a cancel overrides it.
    if (isCancel || !this.stopRequest) this.stopRequest = request
    if (isCancel) this.cancelled.abort()
    this.interrupt.abort()
    // A generation that is still starting is asked when it runs.
    if (this.running && (isCancel || this.current === 'running')) this.running.stop(this.stopRequest)
  }

  /** Takes a checkpoint now. */
  checkpoint(): Promise<CompletedCheckpoint> {
    if (this.running && this.current === 'running') return this.running.checkpoint()
    return Promise.reject(this.notRunning('a checkpoint'))
  }

  /** Takes a savepoint now; `to`: an empty folder or URL. */
  async savepoint(to?: string): Promise<Savepoint> {
    const place = await this.options.openPlace(this.placeOf(to))
    try {
      if (this.running && this.current === 'running') return await this.running.savepoint(place)
      throw this.notRunning('a savepoint')
    } finally {
      await place.close()
    }
  }

  /** @throws TidemarkError SAVEPOINT_WITHOUT_PLACE */
  placeOf(to: string | undefined): string {
    if (to !== undefined) return to
    const { savepointsAt, environment } = this.options
    const id = (this.log?.state?.checkpoints.at(-1)?.id ?? 0) + 1
    if (savepointsAt) return savepointsAt(savepointsPath(id, environment.nonce().slice(0, 8)))
    throw new TidemarkError({
      code: 'SAVEPOINT_WITHOUT_PLACE',
      domain: 'user',
      message: 'a savepoint needs a place: this job keeps its checkpoints in memory; say where it shall go',
    })
  }

  private notRunning(what: string): TidemarkError {
    return new TidemarkError({
      code: 'JOB_NOT_RUNNING',
      domain: 'user',
      message:
        `${what} needs a running job; '${this.options.graph.jobName}' is ${this.current}` +
        (this.stopRequest && !isFinal(this.current) ? ', and asked to stop already' : ''),
    })
  }

  private async runGenerations(): Promise<JobStatus> {
    this.enter('starting')
    const { store, environment, graph, mode, maxParallelism, resumeDrained } = this.options
    const log = await JobLog.open({ store, nonce: () => environment.nonce() })
    this.log = log
    const facts = { job: graph.jobName, maxParallelism, location: store.location }
    // What is refused is refused before anything is written.
    const savepoint = log.state === undefined ? await this.start.read() : undefined
    if (savepoint !== undefined) await this.start.refuse(savepoint, (manifest) => this.openCommitters(manifest))
    let startedFrom: number | undefined
    // While it is not this process's job yet, another may still write.
    const claim = (state: JobState | undefined): JobEvent => {
      resolve({ ...facts, state, mode, resumeDrained, savepoint })
      startedFrom = state?.checkpoints.at(-1)?.id
      return state ? this.nextGeneration() : this.created()
    }
    const decide = (): RecoveryDecision => {
      // A drain of this run is the end of it, whatever it went on from.
      const isAsStarted = log.state?.checkpoints.at(-1)?.id === startedFrom
      return resolve({ ...facts, state: log.state, mode: 'resume', resumeDrained: resumeDrained && isAsStarted })
    }
    for (;;) {
      const outcome = await this.withSavepoint(log, await this.attempt(log, { claim, decide }))
      if (outcome.kind !== 'failed') return outcome.kind
      if (this.isCancelled()) return 'cancelled'
      await this.pauseAfter(outcome.error)
      if (this.isCancelled()) return 'cancelled'
      this.enter('starting')
    }
  }

  /** One generation: claims, commits what is open, and then runs, if there is anything to run. Never rejects. */
  private async attempt(log: JobLog, { claim, decide }: Decisions): Promise<GenerationOutcome> {
    const { store, logger } = this.options
    try {
      const state = log.isClaimed ? await log.append(this.nextGeneration()) : await log.claim(claim)
      const before = this.options.environment.clock.now() - this.options.graceMs
      await sweepCheckpoints(store, state, before).catch((error: unknown) => {
        logger.warn('old checkpoints could not be removed', { error: messageOf(error) })
      })
      const committers = await this.openCommitters(state)
      try {
        await this.commitOpen(log, committers)
        for (const committer of committers.values()) await committer.sweep?.()
        if (decide().kind === 'complete') return { kind: 'finished' }
        if (this.isCancelled()) return { kind: 'cancelled' }
        // Nothing is running, and everything up to the newest checkpoint is committed: that is what a stop asks for.
        if (this.stopRequest?.kind === 'stop' && (!this.toTake || log.state?.checkpoints.length)) {
          return { kind: 'stopped' }
        }
        return await this.runGeneration(log, committers)
      } finally {
        await closeCommitters(committers, logger)
      }
    } catch (error) {
      return { kind: 'failed', error }
    }
  }

  /** A stop that wants a savepoint is over when that is there. Never rejects. */
  private async withSavepoint(log: JobLog, outcome: GenerationOutcome): Promise<GenerationOutcome> {
    const newest = log.state?.checkpoints.at(-1)
    const isEnd = outcome.kind === 'finished' || outcome.kind === 'stopped'
    if (!this.toTake || !isEnd || newest === undefined) return outcome
    const { signal } = this.cancelled
    try {
      const taken = await orAborted(this.toTake.take(this.options.store, newest), signal)
      if (taken === 'aborted') return { kind: 'cancelled' }
      this.lastSavepoint = taken
      return outcome
    } catch (error) {
      return { kind: 'failed', error }
    }
  }

  private nextGeneration(): JobEvent {
    return { kind: 'generation', at: this.options.environment.clock.now() }
  }

  private created(): JobEvent {
    const { environment, graph, plan, maxParallelism } = this.options
    const savepoint = this.start.savepoint
    return {
      kind: 'created',
      job: graph.jobName,
      lineage: environment.nonce().slice(0, 8),
      maxParallelism: savepoint?.manifest.maxParallelism ?? plan(maxParallelism).maxParallelism,
      at: environment.clock.now(),
      ...(savepoint ? { origin: savepoint.origin } : {}),
    }
  }

  private openCommitters(state: Pick<JobState, 'lineage' | 'generation'>): Promise<ReadonlyMap<string, Committer>> {
    const { environment, graph, logger, parameters } = this.options
    const { lineage, generation } = state
    const { signal } = this.cancelled
    return openCommitters(graph, { environment, logger, parameters, lineage, generation, signal })
  }

  private isCancelled(): boolean {
    return this.stopRequest?.kind === 'cancel'
  }

  /** Waits before the next generation; throws when there is none. */
  private async pauseAfter(error: unknown): Promise<void> {
    const { environment, restart, logger, graph } = this.options
    this.lastError = error
    this.failures.push(environment.clock.now())
    // What cannot succeed at a second attempt, and what another process has taken over, is not tried again.
    if (error instanceof TidemarkError && !error.retryable) throw error
    const decision = restart.decide({
      now: environment.clock.now(),
      failures: this.failures,
      random: environment.random.next(),
    })
    if (decision.kind === 'fail') throw error
    logger.warn('the job failed and restarts', {
      job: graph.jobName,
      generation: this.generation,
      delayMs: Math.round(decision.delayMs),
      error: messageOf(error),
    })
    this.enter('restarting')
    // A stop that came earlier has had its attempt: this pause is kept.
    this.interrupt = new AbortController()
    await sleep(environment, decision.delayMs, this.interrupt.signal).catch(() => undefined)
  }

  private async runGeneration(log: JobLog, committers: ReadonlyMap<string, Committer>): Promise<GenerationOutcome> {
    const generation = await this.deploy(log, committers)
    this.running = generation
    this.latest = generation
    try {
      // A cancel may have come while the checkpoint was read.
      if (this.isCancelled()) generation.stop({ kind: 'cancel' })
      return await generation.run()
    } finally {
      this.running = undefined
    }
  }

  private async deploy(log: JobLog, committers: ReadonlyMap<string, Committer>): Promise<Generation> {
    const { options, totals } = this
    const { environment, graph, parameters, logger, store, checkpoints, limits } = options
    const state = log.state
    if (!state) throw new RangeError('a generation needs a log that was begun')
    const from = state.checkpoints.at(-1) ?? state.origin
    const { restore, claimed } = await this.start.restore(from)
    const generation: Generation = new Generation({
      graph,
      plan: options.plan(state.maxParallelism),
      parameters,
      environment,
      logger,
      store,
      log,
      version: options.version,
      lineage: state.lineage,
      generation: state.generation,
      claimedAt: state.claimedAt ?? 0,
      startedAt: state.checkpoints.length === 0 ? state.createdAt : undefined,
      claimed,
      isFromSavepoint: from !== undefined && isSavepoint(from),
      allowDroppedState: options.allowDroppedState,
      firstCheckpointId: (from?.id ?? 0) + 1,
      restore,
      committers,
      checkpoints,
      limits,
      leavesFor: options.leavesFor,
      totals,
      onRunning: () => {
        this.enter('running')
        if (this.stopRequest) generation.stop(this.stopRequest)
      },
      onStopping: () => this.enter('stopping'),
      ...(options.onTurn ? { onTurn: options.onTurn } : {}),
    })
    return generation
  }

  /** Commits what completed checkpoints cover and no `committed` entry does, oldest first. */
  private async commitOpen(log: JobLog, committers: ReadonlyMap<string, Committer>): Promise<void> {
    const { store } = this.options
    const state = log.state
    if (state?.origin && state.committed < state.origin.id) {
      const origin = await this.start.open(state.origin.location)
      await commitCheckpoint({ ...origin, committers })
      await log.append({ kind: 'committed', checkpoint: state.origin.id })
    }
    for (const ref of state?.checkpoints ?? []) {
      if (ref.id <= (log.state?.committed ?? 0)) continue
      await commitCheckpoint({ store, manifest: await readManifest(store, ref), committers })
      await log.append({ kind: 'committed', checkpoint: ref.id })
    }
  }

  private enter(next: JobStatus): void {
    if (next === this.current) return
    if (!JOB_TRANSITIONS[this.current].includes(next)) {
      throw new TidemarkError({
        code: 'JOB_TRANSITION_ILLEGAL',
        domain: 'internal',
        message: `a job cannot go from ${this.current} to ${next}`,
      })
    }
    this.current = next
    this.options.onStatus(next)
  }
}

function orAborted<R>(promise: Promise<R>, signal: AbortSignal): Promise<R | 'aborted'> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve('aborted')
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true })
    promise.then(resolve, reject)
  })
}

function asTidemarkError(thrown: unknown): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown
  return new TidemarkError({
    code: 'JOB_FAILED',
    domain: 'internal',
    message: `the job failed: ${messageOf(thrown)}`,
    cause: thrown,
  })
}
