import type { EnumeratorState, InputState } from '../../core/checkpoint/manifest.js'
import type { Committer } from '../../core/connector.js'
import type { Logger } from '../../core/context.js'
import type { Environment } from '../../core/environment.js'
import { TidemarkError } from '../../core/errors.js'
import type { ExecutionPlan } from '../../core/graph/execution-plan.js'
import type { LogicalGraph, SourceNode } from '../../core/graph/node.js'
import { keyTypeChanged } from '../../core/state/evolution-error.js'
import type { DeploymentOptions, ExecutionLimits } from '../local/deployment.js'
import { Execution } from '../local/execution.js'
import { OperatorMetrics } from '../observe/metrics.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { AlignmentGroup } from '../task/alignment-group.js'
import { alignmentGroups } from './alignment-groups.js'
import { CheckpointCoordinator, type CheckpointSettings, type CompletedCheckpoint } from './checkpoint-coordinator.js'
import type { JobLog } from './job-log.js'
import { type RestorePoint, refuseDroppedState } from './restore-point.js'
import type { Savepoint } from './savepoint.js'
import { SourceCoordinator } from './source-coordinator.js'
import { StoredCheckpoints, type WrittenCheckpoint } from './stored-checkpoints.js'

/** How a run is to end early. */
export type StopRequest =
  /** With the place of a savepoint that is taken last. */
  | { readonly kind: 'stop'; readonly savepoint?: ObjectStore }
  /** `now`: sources end where they are. `atTip`: they first read what is there. */
  | { readonly kind: 'drain'; readonly where: 'now' | 'atTip'; readonly savepoint?: ObjectStore }
  | { readonly kind: 'cancel' }

export type GenerationOutcome =
  | { readonly kind: 'finished' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly error: unknown }

/** Checkpoints of a run, over all its generations. */
export interface CheckpointTotals {
  completed: number
  failed: number
  last: CompletedCheckpoint | undefined
}

export interface GenerationOptions {
  readonly graph: LogicalGraph
  readonly plan: ExecutionPlan
  readonly parameters: Readonly<Record<string, unknown>>
  readonly environment: Environment
  readonly logger: Logger
  readonly store: ObjectStore
  readonly log: JobLog
  readonly version: string
  readonly lineage: string
  readonly generation: number
  readonly claimedAt: number
  /** Of the job, while it has no checkpoint. */
  readonly startedAt: number | undefined
  /** Where the generation starts from a savepoint that belongs to the job. */
  readonly claimed: ObjectStore | undefined
  /** It starts from a savepoint, not from a checkpoint of the job's own. */
  readonly isFromSavepoint: boolean
  readonly allowDroppedState: boolean
  readonly firstCheckpointId: number
  readonly restore: RestorePoint
  readonly committers: ReadonlyMap<string, Committer>
  readonly checkpoints: CheckpointSettings & { readonly retain: number }
  readonly limits: ExecutionLimits
  readonly leavesFor: DeploymentOptions['leavesFor']
  readonly totals: CheckpointTotals
  readonly onRunning: () => void
  readonly onStopping: () => void
  readonly onTurn?: (heldMs: number) => void
}

/** One deployment of a job. Everything it does carries the generation it began with, by value. */
export class Generation {
  readonly execution: Execution
  private readonly options: GenerationOptions
  private readonly coordinator: CheckpointCoordinator<WrittenCheckpoint>
  private readonly sources: readonly SourceCoordinator[]
  private readonly outcome: Promise<GenerationOutcome>
  private end: (outcome: GenerationOutcome) => void = () => {}
  private input: InputState = 'finished'
  private stopping = false
  /** Operators being opened: they are closed only when that is over. */
  private opening: Promise<void> = Promise.resolve()
  /** A savepoint is to be copied from the last checkpoint. */
  private isLastWhole = false
  private readonly stored: StoredCheckpoints
  /** What the enumerators knew when the barrier of the checkpoint in progress went out. */
  private enumerators: ReadonlyMap<string, EnumeratorState> = new Map()

  constructor(options: GenerationOptions) {
    this.options = options
    this.stored = new StoredCheckpoints(options)
    this.outcome = new Promise((resolve) => {
      this.end = resolve
    })
    const fail = (error: unknown): void => this.end({ kind: 'failed', error })
    this.execution = new Execution({
      plan: options.plan,
      environment: options.environment,
      logger: options.logger,
      parameters: options.parameters,
      lineage: options.lineage,
      generation: options.generation,
      claimedAt: options.claimedAt,
      limits: options.limits,
      leavesFor: options.leavesFor,
      restore: (node, subtask, parallelism) =>
        options.restore.forSubtask(node.id, { subtask, parallelism, maxParallelism: options.plan.maxParallelism }),
      onSnapshot: (task, id, snapshots) => this.coordinator.onSnapshot(task, id, snapshots),
      upload: (object, of) => this.stored.upload(object, of),
      onSnapshotFailure: (id, error) => this.coordinator.onSnapshotFailure(id, error),
      onDroppedState: (operatorId, states) => {
        const { allowDroppedState, logger } = options
        refuseDroppedState(operatorId, states, { isAllowed: allowDroppedState, logger })
      },
      onKeysChanged: (operatorId, stored, found) => {
        const { allowDroppedState, isFromSavepoint, logger } = options
        // A recovery goes on as before: a job that mixes types of keys may have state of one of them alone so far.
        if (isFromSavepoint && !allowDroppedState) throw keyTypeChanged(operatorId, stored, found)
        logger.warn('state of keys of another type is left', { operator: operatorId, stored, found })
      },
      onFailure: fail,
      onSourceEnd: () => {
        // Its windows have fired: a checkpoint of that is one of a drain, and only the last one says so.
        if (this.input === 'drained') this.coordinator.hold()
      },
      onInputEnd: () => this.finish(),
      ...(options.onTurn ? { onTurn: options.onTurn } : {}),
    })
    const sources = options.graph.nodes.filter((node): node is SourceNode => node.kind === 'source')
    const groups = alignmentGroups(sources, options.logger)
    this.sources = sources.map((node) =>
      this.coordinate(node, { alignment: groups.get(node.watermarks.alignmentGroup ?? ''), onFailure: fail }),
    )
    this.coordinator = this.checkpoints(fail)
  }

  /** Runs until the input has ended, somebody stops it, or something breaks. Never rejects. */
  async run(): Promise<GenerationOutcome> {
    this.startUp().catch((error: unknown) => this.end({ kind: 'failed', error }))
    const outcome = await this.outcome
    const reason = new TidemarkError({
      code: 'GENERATION_ENDED',
      domain: 'coordination',
      message: `generation ${this.options.generation} has ended (${outcome.kind})`,
    })
    // First everything stands still; then a checkpoint that is on its way into the log gets there.
    this.execution.stop(reason)
    await this.coordinator.close(reason)
    await this.opening.catch(() => undefined)
    for (const source of this.sources) await source.close(outcome.kind === 'finished' ? 'finished' : 'unfinished')
    await this.stored.settled()
    await this.execution.close()
    return outcome
  }

  stop(request: StopRequest): void {
    if (request.kind === 'cancel') {
      this.end({ kind: 'cancelled' })
      return
    }
    if (this.stopping) return
    this.stopping = true
    this.options.onStopping()
    this.isLastWhole = request.savepoint !== undefined
    if (request.kind === 'drain') {
      this.input = 'drained'
      this.execution.endInput(request.where)
      if (request.where === 'atTip') {
        for (const source of this.sources) source.drainAtTip()
        this.endDrained()
      }
    } else {
      this.requestLast('stop', 'open', { kind: 'stopped' })
    }
  }

  checkpoint(): Promise<CompletedCheckpoint> {
    return this.coordinator.request('requested', 'open')
  }

  /** Whole and self-contained, into an empty place. */
  savepoint(to: ObjectStore): Promise<Savepoint> {
    return this.stored.savepoints.take(to, async (onTriggered) => {
      const completed = await this.coordinator.request('savepoint', 'open', { isWhole: true, onTriggered })
      // What the savepoint has to commit is to be there for good: a restart before the next checkpoint would sweep it away.
      if (this.options.committers.size > 0) await this.coordinator.request('requested', 'open')
      return completed
    })
  }

  private async startUp(): Promise<void> {
    this.opening = this.execution.open()
    await this.opening
    for (const source of this.sources) {
      if (this.execution.signal.aborted) return
      await source.start()
    }
    if (this.execution.signal.aborted) return
    this.execution.start()
    this.coordinator.start()
    this.options.onRunning()
  }

  /** All records are out: one last checkpoint, behind them, commits everything. */
  private finish(): void {
    this.requestLast('final', this.input, { kind: 'finished' })
  }

  private requestLast(
    kind: 'stop' | 'final',
    input: InputState,
    outcome: { readonly kind: 'finished' | 'stopped' },
  ): void {
    this.coordinator.request(kind, input, { isWhole: this.isLastWhole }).then(
      () => this.end(outcome),
      // The coordinator has reported the failure of a last checkpoint already; behind another last one none is needed.
      () => undefined,
    )
  }

  /** All sources together: once the first has ended, no checkpoint is taken that a split of another may be waiting for. */
  private endDrained(): void {
    if (this.sources.every(({ isDrained }) => isDrained)) for (const source of this.sources) source.noMoreSplits()
  }

  private coordinate(
    node: SourceNode,
    how: { readonly alignment: AlignmentGroup | undefined; readonly onFailure: (error: unknown) => void },
  ): SourceCoordinator {
    const { environment, lineage, startedAt, logger, parameters, restore } = this.options
    return new SourceCoordinator({
      node,
      stages: this.execution.sourceStages(node.id),
      context: {
        operatorId: node.id,
        subtask: { index: 0, parallelism: 1 },
        logger,
        metrics: new OperatorMetrics(),
        parameters,
        signal: this.execution.signal,
        environment,
      },
      lineage,
      startedAt,
      restored: restore.forSource(node.id),
      requestCheckpoint: () => this.coordinator.request('requested', 'open'),
      onDrained: () => this.endDrained(),
      ...how,
    })
  }

  private checkpoints(onFailure: (error: unknown) => void): CheckpointCoordinator<WrittenCheckpoint> {
    const { environment, checkpoints, firstCheckpointId, totals, logger } = this.options
    return new CheckpointCoordinator({
      environment,
      settings: checkpoints,
      firstId: firstCheckpointId,
      taskCount: this.execution.taskCount,
      trigger: (barrier, how) => {
        this.enumerators = new Map(
          this.sources.map((source) => [source.sourceId, source.snapshot(barrier.checkpointId)]),
        )
        this.execution.triggerCheckpoint(barrier, how)
      },
      cancel: (id) => this.execution.cancelCheckpoint(id),
      write: (checkpoint, isAborted) => this.stored.write(checkpoint, this.enumerators, isAborted),
      complete: (written) => this.stored.complete(written),
      onCompleted: (completed, kind) => {
        for (const source of this.sources) source.checkpointCompleted(completed.id)
        // A savepoint commits nothing, and nothing builds upon it.
        if (kind === 'savepoint') return
        this.execution.checkpointCompleted(completed.id)
        totals.completed++
        totals.last = completed
      },
      onAborted: (id, reason, { kind, mayCount }) => {
        if (kind !== 'savepoint') {
          totals.failed++
          if (!mayCount) this.stored.removeAborted(id)
        }
        logger.warn(`a ${kind === 'savepoint' ? 'savepoint' : 'checkpoint'} was aborted`, {
          checkpoint: id,
          error: reason.message,
        })
      },
      onFailure,
    })
  }
}
