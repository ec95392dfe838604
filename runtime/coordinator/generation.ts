import type { CheckpointRef } from '../../core/checkpoint/job-state.js'
import type { CheckpointManifest, EnumeratorState, InputState, ObjectRef } from '../../core/checkpoint/manifest.js'
import { keyedStatePath, savepointKeyedPath } from '../../core/checkpoint/paths.js'
import type { Committer } from '../../core/connector.js'
import type { Logger } from '../../core/context.js'
import type { Environment } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { ExecutionPlan } from '../../core/graph/execution-plan.js'
import type { LogicalGraph, LogicalNode, SourceNode } from '../../core/graph/node.js'
import { keyTypeChanged } from '../../core/state/evolution-error.js'
import type { DeploymentOptions, ExecutionLimits, UploadedObject } from '../local/deployment.js'
import { Execution } from '../local/execution.js'
import { OperatorMetrics } from '../observe/metrics.js'
import {
  checkpointNames,
  createOwn,
  deleteCheckpoint,
  type ManifestHeader,
  type OperatorCheckpoint,
  readManifest,
  writeManifest,
  writeObjects,
} from '../storage/checkpoint-objects.js'
import { checksum } from '../storage/checksum.js'
import type { ObjectStore } from '../storage/object-store.js'
import { deleteSavepoint, SAVEPOINT_NAMES, writeSavepointManifest } from '../storage/savepoint-objects.js'
import type { StageSnapshot } from '../task/stage-snapshot.js'
import {
  CheckpointCoordinator,
  type CheckpointSettings,
  type CollectedCheckpoint,
  type CompletedCheckpoint,
} from './checkpoint-coordinator.js'
import { commitCheckpoint } from './commit.js'
import { InFlight } from './in-flight.js'
import type { JobLog } from './job-log.js'
import { type RestorePoint, refuseDroppedState } from './restore-point.js'
import type { Savepoint } from './savepoint.js'
import { SavepointsInProgress } from './savepoints-in-progress.js'
import { SourceCoordinator } from './source-coordinator.js'

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

interface WrittenCheckpoint {
  readonly manifest: CheckpointManifest
  /** Undefined: a savepoint, which the log does not know. */
  readonly ref: CheckpointRef | undefined
  readonly bytes: number
}

interface CollectedSavepoint {
  readonly place: ObjectStore
  readonly header: ManifestHeader
  readonly operators: readonly OperatorCheckpoint[]
  readonly isAborted: () => boolean
}

/** Checkpoints that are being deleted at once; what is left then the next generation sweeps. */
const DELETIONS = 4
/** How long the end of a generation waits for writes that nobody needs any more: the next one sweeps what they leave. */
const ENDING_MS = 5000

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
  /** Of the checkpoints that the log names. */
  private readonly manifests = new Map<number, CheckpointManifest>()
  /** What the next increments build upon. */
  private base: CheckpointManifest | undefined
  private readonly savepoints: SavepointsInProgress
  /** A savepoint is to be copied from the last checkpoint. */
  private isLastWhole = false
  /** Objects of keyed state on their way into storage. */
  private readonly uploads = new InFlight()
  /** Of checkpoints that were aborted. */
  private readonly removals = new InFlight()
  /** Of what no checkpoint needs any more. */
  private readonly deletions = new InFlight()
  private claimed: ObjectStore | undefined
  /** What the enumerators knew when the barrier of the checkpoint in progress went out. */
  private enumerators: ReadonlyMap<string, EnumeratorState> = new Map()

  constructor(options: GenerationOptions) {
    this.options = options
    this.claimed = options.claimed
    this.savepoints = new SavepointsInProgress(options)
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
      leavesFor: options.leavesFor,
      restore: (node, subtask, parallelism) =>
        options.restore.forSubtask(node.id, { subtask, parallelism, maxParallelism: options.plan.maxParallelism }),
      onSnapshot: (task, id, snapshots) => this.coordinator.onSnapshot(task, id, snapshots),
      upload: (object, of) => this.upload(object, of),
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
    await this.uploads.settled(this.options.environment, ENDING_MS)
    await this.removals.settled(this.options.environment, ENDING_MS)
    await this.deletions.settled(this.options.environment, ENDING_MS)
    await this.savepoints.settled()
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
    } else {
      this.requestLast('stop', 'open', { kind: 'stopped' })
    }
  }

  checkpoint(): Promise<CompletedCheckpoint> {
    return this.coordinator.request('requested', 'open')
  }

  /** Whole and self-contained, into an empty place. */
  savepoint(to: ObjectStore): Promise<Savepoint> {
    return this.savepoints.take(to, async (onTriggered) => {
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
      write: (checkpoint, isAborted) => this.uploads.track(this.write(checkpoint, isAborted)),
      complete: (written) => this.complete(written),
      onCompleted: (completed, kind) => {
        // A savepoint commits nothing, and nothing builds upon it.
        if (kind === 'savepoint') return
        this.execution.checkpointCompleted(completed.id)
        totals.completed++
        totals.last = completed
      },
      onAborted: (id, reason, { kind, mayCount }) => {
        if (kind !== 'savepoint') {
          totals.failed++
          if (!mayCount) void this.removals.track(this.removeAborted(id))
        }
        logger.warn(`a ${kind === 'savepoint' ? 'savepoint' : 'checkpoint'} was aborted`, {
          checkpoint: id,
          error: reason.message,
        })
      },
      onFailure,
    })
  }

  private upload(object: Uint8Array, of: UploadedObject): Promise<ObjectRef> {
    return this.savepoints.track(of.barrier.checkpointId, this.uploads.track(this.put(object, of)))
  }

  private async put(object: Uint8Array, of: UploadedObject): Promise<ObjectRef> {
    const { store, generation } = this.options
    const { barrier, operatorId } = of
    const id = barrier.checkpointId
    const savepoint = this.savepoints.placeOf(id)
    const name = savepoint ? savepointKeyedPath(operatorId, of) : keyedStatePath({ id, generation }, operatorId, of)
    await createOwn(savepoint ?? store, name, object)
    return { name, length: object.length, crc32: checksum(object) }
  }

  private async write(checkpoint: CollectedCheckpoint, isAborted: () => boolean): Promise<WrittenCheckpoint> {
    const { store, graph, plan, lineage, generation, version } = this.options
    const { id, input, snapshots, triggeredAt } = checkpoint
    const { maxParallelism } = plan
    const { jobName: job, fingerprint } = graph
    const about = { tidemark: version, triggeredAt, job, lineage, generation, id, fingerprint, maxParallelism, input }
    const operators = this.byOperator(snapshots)
    const place = this.savepoints.placeOf(id)
    if (place) {
      const savepoint = { place, header: { format: 'tidemark-savepoint', ...about }, operators, isAborted } as const
      return this.savepoints.track(id, this.writeSavepoint(savepoint))
    }
    const header: ManifestHeader = { format: 'tidemark-checkpoint', ...about }
    try {
      const options = { store, header, base: this.base, names: checkpointNames(header) }
      const { manifest, bytes } = await writeObjects(options, operators)
      const ref = await writeManifest(store, manifest)
      if (isAborted()) await this.remove(header)
      return { manifest, ref, bytes: bytes + ref.length }
    } catch (error) {
      await this.remove(header)
      throw error
    }
  }

  private async writeSavepoint({
    place,
    header,
    operators,
    isAborted,
  }: CollectedSavepoint): Promise<WrittenCheckpoint> {
    const options = { store: place, header, base: undefined, names: SAVEPOINT_NAMES }
    const { manifest, bytes } = await writeObjects(options, operators)
    // What was given up must not come to exist afterwards.
    if (isAborted()) return { manifest, ref: undefined, bytes }
    return { manifest, ref: undefined, bytes: bytes + (await writeSavepointManifest(place, manifest)) }
  }

  private async complete({ manifest, ref, bytes }: WrittenCheckpoint): Promise<number> {
    const { store, log, committers, checkpoints } = this.options
    if (ref === undefined) return bytes
    const before = log.state?.checkpoints ?? []
    await log.append({ kind: 'checkpoint', checkpoint: ref, retain: checkpoints.retain })
    this.manifests.set(ref.id, manifest)
    this.base = manifest
    await commitCheckpoint({ store, manifest, committers })
    const state = await log.append({ kind: 'committed', checkpoint: ref.id })
    const kept = new Set(state.checkpoints.map(({ id }) => id))
    const subsumed = before.filter(({ id }) => !kept.has(id))
    // Storage that is slow to delete holds up neither the next checkpoint nor the end.
    if (this.deletions.count < DELETIONS) void this.deletions.track(this.deleteSubsumed(subsumed, state.checkpoints))
    else for (const { id } of subsumed) this.manifests.delete(id)
    return bytes
  }

  /** Never rejects. */
  private async deleteSubsumed(subsumed: readonly CheckpointRef[], kept: readonly CheckpointRef[]): Promise<void> {
    for (const old of subsumed) await this.subsume(old, kept)
    await this.deleteClaimed()
  }

  /** Deletes a checkpoint that the log names no more, but for what the others need of it. */
  private async subsume(old: CheckpointRef, kept: readonly CheckpointRef[]): Promise<void> {
    const { store, logger } = this.options
    try {
      const manifests = await Promise.all(kept.map((ref) => this.manifestOf(ref)))
      await deleteCheckpoint(store, old, { manifest: await this.manifestOf(old), kept: manifests })
    } catch (error) {
      // What storage refuses to delete now the next generation sweeps.
      logger.warn('a checkpoint could not be deleted', { checkpoint: old.id, error: messageOf(error) })
    }
    this.manifests.delete(old.id)
  }

  private async manifestOf(ref: CheckpointRef): Promise<CheckpointManifest> {
    const known = this.manifests.get(ref.id)
    if (known) return known
    const manifest = await readManifest(this.options.store, ref)
    this.manifests.set(ref.id, manifest)
    return manifest
  }

  /** The savepoint that the job began with, and owns, is subsumed like a checkpoint. */
  private async deleteClaimed(): Promise<void> {
    const { claimed } = this
    if (claimed === undefined) return
    this.claimed = undefined
    await deleteSavepoint(claimed).catch((error: unknown) => {
      const { logger } = this.options
      logger.warn('a claimed savepoint could not be deleted', { savepoint: claimed.location, error: messageOf(error) })
    })
  }

  /** What tasks have written of it already, and what is still on its way. */
  private async removeAborted(id: number): Promise<void> {
    const { environment, checkpoints } = this.options
    await this.uploads.settled(environment, checkpoints.timeoutMs)
    await this.remove({ id, generation: this.options.generation })
  }

  /** Of a checkpoint that does not count. */
  private async remove(checkpoint: { readonly id: number; readonly generation: number }): Promise<void> {
    const { store, logger } = this.options
    const kept = [...this.manifests.values()]
    await deleteCheckpoint(store, checkpoint, { kept }).catch((error: unknown) => {
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
      return { id, kind, version: versionOf(nodes.get(id)), subtasks: list, ...(enumerator ? { enumerator } : {}) }
    })
  }
}

/** Of what the connector itself puts into a checkpoint. */
function versionOf(node: LogicalNode | undefined): number {
  if (node?.kind === 'source') return node.source.stateVersion ?? 1
  return node?.kind === 'sink' ? (node.sink.stateVersion ?? 1) : 1
}
