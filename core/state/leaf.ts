import type { InternalKey } from './key.js'

/** Of something that was not in any snapshot and not in the state that was restored. */
export const NEVER = -1
/** Of what was restored. */
export const RESTORED = 0

/** The smallest thing that a checkpoint stores by itself. */
export interface Tracked {
  /** The epoch of the last change: NEVER, RESTORED, or that of a change log. */
  stamp: number
  /** A checkpoint may hold it: when it goes, that has to be written down. */
  isStored: boolean
}

/** The value of a leaf that was deleted. */
export const GONE: unique symbol = Symbol('gone')

/**
 * One value under one key. Code that changes `value`, in place too, looks at the stamp first (`ChangeLog.touch`).
 * One class for all, so that the hot path sees one shape.
 */
export class Leaf implements Tracked {
  readonly key: InternalKey
  readonly space: LeafSpace
  /** GONE: deleted. */
  value: unknown
  stamp = NEVER
  isStored = false

  constructor(space: LeafSpace, key: InternalKey, value: unknown) {
    this.space = space
    this.key = key
    this.value = value
  }
}

/** What is needed of a `Map`: the heap backend takes just that. Iteration tolerates changes, as a Map's does. */
export interface LeafMap {
  get(key: InternalKey): Leaf | undefined
  set(key: InternalKey, leaf: Leaf): unknown
  delete(key: InternalKey): boolean
  values(): Iterator<Leaf>
  readonly size: number
  /** Where there is more to a map than itself: a restore has replaced the value of one of its leaves. */
  changed?(leaf: Leaf): void
  /** Its space was dropped: nothing of it is asked for any more but by a snapshot that was begun before. */
  drop?(): void
}

/** Until its store has opened it. */
const NO_LEAVES: LeafMap = new Map<InternalKey, Leaf>()

/** Leaves that belong together and can go together: those of a key group, of a window in it, of one key's map. */
export class LeafSpace {
  /** The key group, counted from the subtask's first. */
  readonly slot: number
  /** Tells the spaces of a group apart; undefined where there is only one. */
  readonly id: SpaceId | undefined
  leaves: LeafMap = NO_LEAVES
  /** The epoch in which all of it was dropped. */
  droppedAt = Number.POSITIVE_INFINITY
  /** Of the drop, when that is what changed. */
  stamp = NEVER
  isStored = false

  constructor(slot: number, id: SpaceId | undefined) {
    this.slot = slot
    this.id = id
  }
}

export type SpaceId = InternalKey
