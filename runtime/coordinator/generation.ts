import type { CheckpointRef } from '../../core/checkpoint/job-state.js'
import type { EnumeratorState, InputState } from '../../core/checkpoint/manifest.js'
import type { Committer } from '../../core/connector.js'
import type { Logger } from '../../core/context.js'
import type { Environment } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { ExecutionPlan } from '../../core/graph/execution-plan.js'
import type { LogicalGraph, LogicalNode, SourceNode } from '../../core/graph/node.js'
import type { ExecutionLimits } from '../local/deployment.js'
import { Execution } from '../local/execution.js'
import { OperatorMetrics } from '../observe/metrics.js'
import { deleteCheckpoint, type OperatorCheckpoint, writeCheckpoint } from '../storage/checkpoint-objects.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { StageSnapshot } from '../task/stage-snapshot.js'
import {
  CheckpointCoordinator,
  type CheckpointSettings,
  type CollectedCheckpoint,
  type CompletedCheckpoint,
} from './checkpoint-coordinator.js'
import { commitCheckpoint } from './commit.js'
import type { JobLog } from './job-log.js'
import type { RestorePoint } from './restore-point.js'
import { SourceCoordinator } from './source-coordinator.js'

/** How a run is to end early. */
export type StopRequest =
  | { readonly kind: 'stop' }
  /** `now`: sources end where they are. `atTip`: they first read what is there. */
  | { readonly kind: 'drain'; readonly where: 'now' | 'atTip' }
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
  readonly lineage: string
  readonly generation: number
  readonly firstCheckpointId: number
  readonly restore: RestorePoint
  readonly committers: ReadonlyMap<string, Committer>
  readonly checkpoints: CheckpointSettings & { readonly retain: number }
  readonly limits: ExecutionLimits
  readonly totals: CheckpointTotals
  readonly onRunning: () => void
  readonly onStopping: () => void
  readonly onTurn?: (heldMs: number) => void
}

interface WrittenCheckpoint {
  readonly ref: CheckpointRef
  readonly bytes: number
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
  /** What the enumerators knew when the barrier of the checkpoint in progress went out. */
  private enumerators: ReadonlyMap<string, EnumeratorState> = new Map()

  constructor(options: GenerationOptions) {
    this.options = options
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
      limits: options.limits,
      restore: (node, subtask, parallelism) =>
        options.restore.forSubtask(node.id, { subtask, parallelism, maxParallelism: options.plan.maxParallelism }),
      onSnapshot: (task, id, snapshots) => this.coordinator.onSnapshot(task, id, snapshots),
      onFailure: fail,
      onInputEnd: () => this.finish(),
      ...(options.onTurn ? { onTurn: options.onTurn } : {}),
    })
    this.sources = options.graph.nodes
      .filter((node): node is SourceNode => node.kind === 'source')
      .map((node) => this.coordinate(node, fail))
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
    for (const source of this.sources) await source.close()
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
    if (request.kind === 'drain') {
      this.input = 'drained'
      this.execution.endInput(request.where)
    } else {
      this.requestLast('stop', 'open', { kind: 'stopped' })
    }
  }

  checkpoint(): Promise<CompletedCheckpoint> {
    return this.coordinator.request('requested', 'open')
  }

  private async startUp(): Promise<void> {
    this.opening = this.execution.open()
    await this.opening
    for (const source of this.sources) {
      if (this.execution.signal.aborted) return
      await source.start()
    }
    if (this.execution.signal.aborted) return
    this.options.restore.release()
    this.execution.start()
    this.coordinator.start()
    this.options.onRunning()
  }

  /** All records are out: one last checkpoint, behind them, commits everything. */
  private finish(): void {
    this.requestLast('final', this.input, { kind: 'finished' })
  }

  private requestLast(kind: 'stop' | 'final', input: InputState, outcome: GenerationOutcome): void {
    this.coordinator.request(kind, input).then(
      () => this.end(outcome),
      // The coordinator has reported the failure of a last checkpoint already.
      () => undefined,
    )
  }

  private coordinate(node: SourceNode, onFailure: (error: unknown) => void): SourceCoordinator {
    const { environment, logger, parameters, restore } = this.options
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
      restored: restore.forSource(node.id),
      onFailure,
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
        this.enumerators = new Map(this.sources.map((source) => [source.sourceId, source.snapshot()]))
        this.execution.triggerCheckpoint(barrier, how)
      },
      cancel: (id) => this.execution.cancelCheckpoint(id),
      write: (checkpoint, isAborted) => this.write(checkpoint, isAborted),
      complete: (written) => this.complete(written),
      onCompleted: (completed) => {
        this.execution.checkpointCompleted(completed.id)
        totals.completed++
        totals.last = completed
      },
      onAborted: (id, reason) => {
        totals.failed++
        logger.warn('a checkpoint was aborted', { checkpoint: id, error: reason.message })
      },
      onFailure,
    })
  }

  private async write(checkpoint: CollectedCheckpoint, isAborted: () => boolean): Promise<WrittenCheckpoint> {
    const { store, graph, plan, lineage, generation } = this.options
    const { id, input, snapshots } = checkpoint
    const { maxParallelism } = plan
    const { jobName: job, fingerprint } = graph
    const header = { job, lineage, generation, id, fingerprint, maxParallelism, input }
    try {
      const written = await writeCheckpoint(store, header, this.byOperator(snapshots))
      if (isAborted()) await this.remove(header)
      return written
    } catch (error) {
      await this.remove(header)
      throw error
    }
  }

  private async complete({ ref, bytes }: WrittenCheckpoint): Promise<number> {
    const { store, log, committers, checkpoints } = this.options
    const before = log.state?.checkpoints ?? []
    await log.append({ kind: 'checkpoint', checkpoint: ref, retain: checkpoints.retain })
    const state = await commitCheckpoint({ store, log, ref, committers })
    const kept = new Set(state.checkpoints.map(({ id }) => id))
    for (const old of before) if (!kept.has(old.id)) await this.remove(old)
    return bytes
  }

  /** What storage refuses to delete now the next generation sweeps. */
  private async remove(checkpoint: { readonly id: number; readonly generation: number }): Promise<void> {
    const { store, logger } = this.options
    await deleteCheckpoint(store, checkpoint).catch((error: unknown) => {
      logger.warn('a checkpoint could not be deleted', { checkpoint: checkpoint.id, error: messageOf(error) })
    })
  }

  /** Snapshots come by task; a checkpoint stores them by operator. Steps without an id of their own have no state. */
  private byOperator(snapshots: readonly (readonly StageSnapshot[])[]): OperatorCheckpoint[] {
    const nodes = new Map(this.options.graph.nodes.map((node): [string, LogicalNode] => [node.id, node]))
    const subtasks = new Map<string, StageSnapshot[]>()
    for (const snapshot of snapshots.flat()) {
      if (!nodes.get(snapshot.nodeId)?.stable) continue
      const list = subtasks.get(snapshot.nodeId)
      if (list) list.push(snapshot)
      else subtasks.set(snapshot.nodeId, [snapshot])
    }
    return [...subtasks].map(([id, list]) => {
      const enumerator = this.enumerators.get(id)
      const kind = nodes.get(id)?.kind ?? 'operator'
      return { id, kind, subtasks: list, ...(enumerator ? { enumerator } : {}) }
    })
  }
}
