import type { CheckpointRef } from '../../core/checkpoint/job-state.js'
import { SAVEPOINT_MANIFEST } from '../../core/checkpoint/paths.js'
import type { Environment } from '../../core/environment.js'
import { readManifest } from '../storage/checkpoint-objects.js'
import type { ObjectStore } from '../storage/object-store.js'
import { copyAsSavepoint, requireEmpty } from '../storage/savepoint-objects.js'
import type { Savepoint } from './savepoint.js'

/** The savepoint that a stop was asked for: the newest checkpoint once more, copied when nothing runs any more. */
export class LastSavepoint {
  readonly place: ObjectStore
  private readonly environment: Environment
  /** From here on what is in the place is ours: a second attempt goes on with it. */
  private begun = false

  constructor(place: ObjectStore, environment: Environment) {
    this.place = place
    this.environment = environment
  }

  /** @throws TidemarkError of storage; may then be called again for the same checkpoint */
  async take(store: ObjectStore, newest: CheckpointRef): Promise<Savepoint> {
    const { clock } = this.environment
    const begunAt = clock.monotonic()
    if (!this.begun) await requireEmpty(this.place)
    this.begun = true
    const bytes = await copyAsSavepoint(store, await readManifest(store, newest), this.place)
    const durationMs = clock.monotonic() - begunAt
    return { location: this.place.location, id: newest.id, bytes, durationMs, completedAt: clock.now() }
  }

  /** There is no further attempt. */
  async discard(): Promise<void> {
    if (!this.begun) return
    try {
      const left = await this.place.list('')
      if (left.length > 0 && !left.includes(SAVEPOINT_MANIFEST)) await this.place.deleteMany(left)
    } catch {
      // Without a manifest it is no savepoint; why the job has failed is told.
    }
  }
}
