import type { CheckpointRef, SavepointOrigin } from '../../core/checkpoint/job-state.js'
import type { CheckpointManifest } from '../../core/checkpoint/manifest.js'
import type { Committer } from '../../core/connector.js'
import type { Logger } from '../../core/context.js'
import type { LogicalGraph } from '../../core/graph/node.js'
import { readManifest } from '../storage/checkpoint-objects.js'
import type { ObjectStore } from '../storage/object-store.js'
import { readSavepointManifest } from '../storage/savepoint-objects.js'
import { closeCommitters } from './committers.js'
import { refuseRewind } from './refuse-rewind.js'
import { RestorePoint, requireOperators } from './restore-point.js'

export interface StartingPointOptions {
  readonly graph: LogicalGraph
  readonly logger: Logger
  readonly store: ObjectStore
  /** To start from, where the storage holds nothing yet. */
  readonly origin: { readonly location: string; readonly isClaimed: boolean } | undefined
  readonly allowDroppedState: boolean
  /** To a savepoint that output was shown after. */
  readonly allowRewind: boolean
  /** The place of a savepoint. */
  readonly openPlace: (location: string) => Promise<ObjectStore>
}

export interface SavepointStart {
  readonly manifest: CheckpointManifest
  readonly origin: SavepointOrigin
}

interface OpenSavepoint {
  readonly store: ObjectStore
  readonly manifest: CheckpointManifest
}

/** What a job goes on from: the savepoint that its storage begins with, and later its own checkpoints. */
export class StartingPoint {
  private readonly options: StartingPointOptions
  /** The savepoint, opened when it is needed. */
  private opened: OpenSavepoint | undefined

  constructor(options: StartingPointOptions) {
    this.options = options
  }

  /** For the entry that creates the job's log; undefined: it begins with nothing. */
  get savepoint(): SavepointStart | undefined {
    const { origin } = this.options
    if (origin === undefined || this.opened === undefined) return undefined
    const { manifest } = this.opened
    return { manifest, origin: { ...origin, id: manifest.id } }
  }

  /** @throws TidemarkError SAVEPOINT_MISSING, CHECKPOINT_CORRUPT, CHECKPOINT_NEWER */
  async read(): Promise<SavepointStart | undefined> {
    if (this.options.origin) await this.open(this.options.origin.location)
    return this.savepoint
  }

  async open(location: string): Promise<OpenSavepoint> {
    if (this.opened === undefined) {
      const store = await this.options.openPlace(location)
      this.opened = { store, manifest: await readSavepointManifest(store) }
    }
    return this.opened
  }

  /**
   * Refuses a savepoint for what can be known of it before the job is created.
   * @param openCommitters of the sinks, as of the savepoint: the job has no lineage of its own yet
   */
  async refuse(
    { manifest, origin }: SavepointStart,
    openCommitters: (manifest: CheckpointManifest) => Promise<ReadonlyMap<string, Committer>>,
  ): Promise<void> {
    const { graph, logger, allowDroppedState, allowRewind } = this.options
    // What may be dropped is logged by the generation that drops it.
    if (!allowDroppedState) requireOperators(manifest, graph, { isAllowed: false, logger })
    if (allowRewind) return
    const committers = await openCommitters(manifest)
    try {
      await refuseRewind(committers, { ...manifest, location: origin.location })
    } finally {
      await closeCommitters(committers, logger)
    }
  }

  /** `claimed`: the place of a savepoint that is the job's to delete when its first checkpoint is complete. */
  async restore(
    from: CheckpointRef | SavepointOrigin | undefined,
  ): Promise<{ readonly restore: RestorePoint; readonly claimed: ObjectStore | undefined }> {
    const { store, graph, logger, allowDroppedState } = this.options
    const about = { graph, dropping: { isAllowed: allowDroppedState, logger } }
    if (from === undefined) return { restore: RestorePoint.nothing(store), claimed: undefined }
    if (!isSavepoint(from)) {
      return { restore: await RestorePoint.of(store, await readManifest(store, from), about), claimed: undefined }
    }
    const opened = await this.open(from.location)
    const restore = await RestorePoint.of(opened.store, opened.manifest, about)
    return { restore, claimed: from.isClaimed ? opened.store : undefined }
  }

  async close(): Promise<void> {
    await this.opened?.store.close()
  }
}

export function isSavepoint(from: CheckpointRef | SavepointOrigin): from is SavepointOrigin {
  return 'location' in from
}
