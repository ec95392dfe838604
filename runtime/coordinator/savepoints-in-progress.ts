import { SAVEPOINT_MANIFEST } from '../../core/checkpoint/paths.js'
import type { Environment } from '../../core/environment.js'
import { TidemarkError } from '../../core/errors.js'
import type { ObjectStore } from '../storage/object-store.js'
import { readSavepointManifest, requireEmpty } from '../storage/savepoint-objects.js'
import type { CompletedCheckpoint } from './checkpoint-coordinator.js'
import { InFlight } from './in-flight.js'
import type { Savepoint } from './savepoint.js'

export interface SavepointsOptions {
  readonly environment: Environment
  readonly lineage: string
  readonly generation: number
}

interface InProgress {
  readonly place: ObjectStore
  readonly writes: InFlight
  id: number | undefined
}

/** How long a savepoint that failed waits for what is still being written, before it cleans up. */
const CLEAN_UP_MS = 5000

/** The savepoints that a generation is asked for: where each of them goes, and what is on its way there. */
export class SavepointsInProgress {
  private readonly options: SavepointsOptions
  private readonly all = new Set<InProgress>()
  private readonly ending = new InFlight()

  constructor(options: SavepointsOptions) {
    this.options = options
  }

  /** Undefined: that checkpoint is none. */
  placeOf(id: number): ObjectStore | undefined {
    return this.withId(id)?.place
  }

  /** A write of a savepoint. */
  track<R>(id: number, write: Promise<R>): Promise<R> {
    return this.withId(id)?.writes.track(write) ?? write
  }

  /**
   * Into an empty place. What fails leaves nothing there.
   * @throws TidemarkError SAVEPOINT_EXISTS, and what `request` throws
   */
  take(
    place: ObjectStore,
    request: (onTriggered: (id: number) => void) => Promise<CompletedCheckpoint>,
  ): Promise<Savepoint> {
    return this.ending.track(this.takeInto(place, request))
  }

  /** None is being taken or cleaned up. */
  settled(): Promise<void> {
    return this.ending.settled(this.options.environment, 2 * CLEAN_UP_MS)
  }

  private async takeInto(
    place: ObjectStore,
    request: (onTriggered: (id: number) => void) => Promise<CompletedCheckpoint>,
  ): Promise<Savepoint> {
    await requireEmpty(place)
    for (const other of this.all) if (other.place.location === place.location) throw taken(place)
    const own: InProgress = { place, writes: new InFlight(), id: undefined }
    this.all.add(own)
    try {
      const completed = await request((id) => {
        own.id = id
      })
      return { location: place.location, ...completed }
    } catch (error) {
      await this.cleanUp(own)
      throw error
    } finally {
      this.all.delete(own)
    }
  }

  private async cleanUp({ place, writes, id }: InProgress): Promise<void> {
    if (id === undefined) return
    await writes.settled(this.options.environment, CLEAN_UP_MS)
    try {
      const left = await place.list('')
      // The place was empty: what is there is a part of what failed, unless somebody else has completed one there.
      if (left.includes(SAVEPOINT_MANIFEST)) {
        const manifest = await readSavepointManifest(place)
        const { lineage, generation } = this.options
        if (manifest.lineage !== lineage || manifest.generation !== generation || manifest.id !== id) return
        await place.delete(SAVEPOINT_MANIFEST)
      }
      const parts = left.filter((name) => name !== SAVEPOINT_MANIFEST)
      if (parts.length > 0) await place.deleteMany(parts)
    } catch {
      // Whoever asked is told why it failed; without a manifest the rest is no savepoint.
    }
  }

  private withId(id: number): InProgress | undefined {
    for (const each of this.all) if (each.id === id) return each
    return undefined
  }
}

function taken(place: ObjectStore): TidemarkError {
  return new TidemarkError({
    code: 'SAVEPOINT_EXISTS',
    domain: 'user',
    message: `another savepoint is on its way into ${place.location}: give each a place of its own`,
  })
}
