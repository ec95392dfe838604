import type { CheckpointRef } from '../../core/checkpoint/job-state.js'
import type { CheckpointManifest, EnumeratorState, ObjectRef } from '../../core/checkpoint/manifest.js'
import { keyedStatePath, savepointKeyedPath } from '../../core/checkpoint/paths.js'
import type { Committer } from '../../core/connector.js'
import type { Logger } from '../../core/context.js'
import type { Environment } from '../../core/environment.js'
import { messageOf } from '../../core/errors.js'
import type { ExecutionPlan } from '../../core/graph/execution-plan.js'
import type { LogicalGraph, LogicalNode } from '../../core/graph/node.js'
import type { UploadedObject } from '../local/deployment.js'
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
import type { CheckpointSettings, CollectedCheckpoint } from './checkpoint-coordinator.js'
import { commitCheckpoint } from './commit.js'
import { InFlight } from './in-flight.js'
import type { JobLog } from './job-log.js'
import { SavepointsInProgress } from './savepoints-in-progress.js'

export interface StoredCheckpointsOptions {
  readonly graph: LogicalGraph
  readonly plan: ExecutionPlan
  readonly environment: Environment
  readonly logger: Logger
  readonly store: ObjectStore
  readonly log: JobLog
  readonly version: string
  readonly lineage: string
  readonly generation: number
  /** Where the generation starts from a savepoint that belongs to the job. */
  readonly claimed: ObjectStore | undefined
  readonly committers: ReadonlyMap<string, Committer>
  readonly checkpoints: CheckpointSettings & { readonly retain: number }
}

export interface WrittenCheckpoint {
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

/** The checkpoints and savepoints of one generation in storage: written, logged and committed, deleted when subsumed. */
export class StoredCheckpoints {
  readonly savepoints: SavepointsInProgress
  private readonly options: StoredCheckpointsOptions
  /** Of the checkpoints that the log names. */
  private readonly manifests = new Map<number, CheckpointManifest>()
  /** What the next increments build upon. */
  private base: CheckpointManifest | undefined
  /** Objects on their way into storage. */
  private readonly uploads = new InFlight()
  /** Of checkpoints that were aborted. */
  private readonly removals = new InFlight()
  /** Of what no checkpoint needs any more. */
  private readonly deletions = new InFlight()
  private claimed: ObjectStore | undefined

  constructor(options: StoredCheckpointsOptions) {
    this.options = options
    this.claimed = options.claimed
    this.savepoints = new SavepointsInProgress(options)
  }

  /** Makes an object of keyed state durable. */
  upload(object: Uint8Array, of: UploadedObject): Promise<ObjectRef> {
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

  /** Makes the rest of it durable. When it is aborted meanwhile, nothing of it is left. */
  write(
    checkpoint: CollectedCheckpoint,
    enumerators: ReadonlyMap<string, EnumeratorState>,
    isAborted: () => boolean,
  ): Promise<WrittenCheckpoint> {
    const operators = this.byOperator(checkpoint.snapshots, enumerators)
    return this.uploads.track(this.writeObjects(checkpoint, operators, isAborted))
  }

  /** Makes it count, and commits what it covers. There is no way back from here. */
  async complete({ manifest, ref, bytes }: WrittenCheckpoint): Promise<number> {
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

  private async writeObjects(
    checkpoint: CollectedCheckpoint,
    operators: readonly OperatorCheckpoint[],
    isAborted: () => boolean,
  ): Promise<WrittenCheckpoint> {
    const { store, graph, plan, lineage, generation, version } = this.options
    const { id, input, triggeredAt } = checkpoint
    const { maxParallelism } = plan
    const { jobName: job, fingerprint } = graph
    const about = { tidemark: version, triggeredAt, job, lineage, generation, id, fingerprint, maxParallelism, input }
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

  /** What tasks have written of a checkpoint that does not count, and what is still on its way. */
  removeAborted(id: number): void {
    void this.removals.track(this.removeSettled(id))
  }

  /** Nothing is written or deleted any more, or storage does not answer. */
  async settled(): Promise<void> {
    for (const underWay of [this.uploads, this.removals, this.deletions]) {
      await underWay.settled(this.options.environment, ENDING_MS)
    }
    await this.savepoints.settled()
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

  private async removeSettled(id: number): Promise<void> {
    const { environment, checkpoints, generation } = this.options
    await this.uploads.settled(environment, checkpoints.timeoutMs)
    await this.remove({ id, generation })
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
  private byOperator(
    snapshots: readonly (readonly StageSnapshot[])[],
    enumerators: ReadonlyMap<string, EnumeratorState>,
  ): OperatorCheckpoint[] {
    const nodes = new Map(this.options.graph.nodes.map((node): [string, LogicalNode] => [node.id, node]))
    const subtasks = new Map<string, StageSnapshot[]>()
    for (const snapshot of snapshots.flat()) {
      if (!nodes.get(snapshot.nodeId)?.stable) continue
      const list = subtasks.get(snapshot.nodeId)
      if (list) list.push(snapshot)
      else subtasks.set(snapshot.nodeId, [snapshot])
    }
    return [...subtasks].map(([id, list]) => {
      const enumerator = enumerators.get(id)
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
