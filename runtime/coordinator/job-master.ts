import { resolve, type StartMode } from '../../core/checkpoint/resolve.js'
import type { Committer } from '../../core/connector.js'
import type { Logger } from '../../core/context.js'
import { type Environment, sleep } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { ExecutionPlan } from '../../core/graph/execution-plan.js'
import type { LogicalGraph, SinkNode } from '../../core/graph/node.js'
import type { Execution, ExecutionLimits } from '../local/execution.js'
import { OperatorMetrics } from '../observe/metrics.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { CheckpointSettings, CompletedCheckpoint } from './checkpoint-coordinator.js'
import { commitCheckpoint } from './commit.js'
import { type CheckpointTotals, Generation, type GenerationOutcome, type StopRequest } from './generation.js'
import { JobLog } from './job-log.js'
import { isFinal, JOB_TRANSITIONS, type JobStatus } from './job-status.js'
import type { RestartStrategy } from './restart-strategy.js'
import { RestorePoint } from './restore-point.js'

export interface JobMasterOptions {
  readonly graph: LogicalGraph
  /** The plan for a max parallelism: that one is known only when the log has been read. */
  readonly plan: (maxParallelism: number | undefined) => ExecutionPlan
  readonly maxParallelism: number | undefined
  readonly parameters: Readonly<Record<string, unknown>>
  readonly environment: Environment
  readonly logger: Logger
  readonly store: ObjectStore
  readonly mode: StartMode
  readonly resumeDrained: boolean
  readonly checkpoints: CheckpointSettings & { readonly retain: number }
  readonly restart: RestartStrategy
  readonly limits: ExecutionLimits
  readonly onStatus: (status: JobStatus) => void
  /** How long each turn of the tasks held the event loop. */
  readonly onTurn?: (heldMs: number) => void
}

/**
 * Runs one job to its end: decides what to start from, deploys one generation after another, takes checkpoints, and
 * commits what they cover. The log's entry is what makes anything so; output is committed only after it.
 */
export class JobMaster {
  readonly totals: CheckpointTotals = { completed: 0, failed: 0, last: undefined }
  private readonly options: JobMasterOptions
  private readonly failures: number[] = []
  private readonly interrupt = new AbortController()
  private log: JobLog | undefined
  private current: JobStatus = 'created'
  private running: Generation | undefined
  private latest: Generation | undefined
  private stopRequest: StopRequest | undefined
  private lastError: unknown

  constructor(options: JobMasterOptions) {
    this.options = options
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
    } catch (error) {
      this.lastError = error
      this.enter('failed')
      throw error
    }
  }

  stop(request: StopRequest): void {
    if (isFinal(this.current)) return
    if (!this.isCancelled()) this.stopRequest = request
    // A generation that is still starting is asked when it runs.
    if (this.running && (this.current === 'running' || request.kind === 'cancel')) this.running.stop(request)
    this.interrupt.abort()
  }

  /** Takes a checkpoint now. */
  checkpoint(): Promise<CompletedCheckpoint> {
    if (this.running && this.current === 'running') return this.running.checkpoint()
    return Promise.reject(
      new TidemarkError({
        code: 'JOB_NOT_RUNNING',
        domain: 'user',
        message: `a checkpoint needs a running job; '${this.options.graph.jobName}' is ${this.current}`,
      }),
    )
  }

  private async runGenerations(): Promise<JobStatus> {
    this.enter('starting')
    const { store, environment, graph, mode, maxParallelism, resumeDrained } = this.options
    const log = await JobLog.open({ store, nonce: () => environment.nonce() })
    this.log = log
    const decision = resolve({
      state: log.state,
      mode,
      job: graph.jobName,
      maxParallelism,
      resumeDrained,
      location: store.location,
    })
    if (decision.kind === 'start') {
      const plan = this.options.plan(maxParallelism)
      await log.append({
        kind: 'created',
        job: graph.jobName,
        lineage: environment.nonce().slice(0, 8),
        maxParallelism: plan.maxParallelism,
      })
    } else {
      await log.append({ kind: 'generation' })
    }
    if (decision.kind === 'complete') {
      await this.withCommitters((committers) => this.commitOpen(committers))
      return 'finished'
    }
    for (;;) {
      const outcome = await this.runGeneration(log)
      if (outcome.kind !== 'failed') return outcome.kind
      if (this.isCancelled()) return 'cancelled'
      await this.pauseAfter(outcome.error)
      if (this.stopRequest) return this.isCancelled() ? 'cancelled' : 'stopped'
      this.enter('starting')
      await log.append({ kind: 'generation' })
    }
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
    await sleep(environment, decision.delayMs, this.interrupt.signal).catch(() => undefined)
  }

  private async runGeneration(log: JobLog): Promise<GenerationOutcome> {
    try {
      return await this.withCommitters(async (committers) => {
        await this.commitOpen(committers)
        for (const committer of committers.values()) await committer.sweep?.()
        const generation = await this.deploy(log, committers)
        this.running = generation
        this.latest = generation
        try {
          return await generation.run()
        } finally {
          this.running = undefined
        }
      })
    } catch (error) {
      return { kind: 'failed', error }
    }
  }

  private async deploy(log: JobLog, committers: ReadonlyMap<string, Committer>): Promise<Generation> {
    const { options, totals } = this
    const { environment, graph, parameters, logger, store, checkpoints, limits } = options
    const state = log.state
    if (!state) throw new RangeError('a generation needs a log that was begun')
    const newest = state.checkpoints.at(-1)
    const restore = newest ? await RestorePoint.read(store, newest, graph) : RestorePoint.nothing()
    const generation: Generation = new Generation({
      graph,
      plan: options.plan(state.maxParallelism),
      parameters,
      environment,
      logger,
      store,
      log,
      lineage: state.lineage,
      generation: state.generation,
      firstCheckpointId: (newest?.id ?? 0) + 1,
      restore,
      committers,
      checkpoints,
      limits,
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

  private async withCommitters<R>(action: (committers: ReadonlyMap<string, Committer>) => Promise<R>): Promise<R> {
    const committers = new Map<string, Committer>()
    try {
      for (const node of this.options.graph.nodes) {
        if (node.kind === 'sink' && node.sink.committer) committers.set(node.id, await this.openCommitter(node))
      }
      return await action(committers)
    } finally {
      for (const committer of committers.values()) await committer.close?.()
    }
  }

  private async openCommitter(node: SinkNode): Promise<Committer> {
    const { environment, logger, parameters } = this.options
    const state = this.log?.state
    const committer = await node.sink.committer?.({
      operatorId: node.id,
      subtask: { index: 0, parallelism: 1 },
      logger,
      metrics: new OperatorMetrics(),
      parameters,
      signal: this.interrupt.signal,
      environment,
      lineage: state?.lineage ?? '',
      generation: state?.generation ?? 0,
    })
    return committer as Committer
  }

  /** Commits what completed checkpoints cover and no `committed` entry does, oldest first. */
  private async commitOpen(committers: ReadonlyMap<string, Committer>): Promise<void> {
    const { log } = this
    const state = log?.state
    if (!log || !state) return
    for (const ref of state.checkpoints) {
      if (ref.id > state.committed) await commitCheckpoint({ store: this.options.store, log, ref, committers })
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
