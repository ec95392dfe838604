import type { InternalKey } from '../../../core/state/key.js'
import { Leaf, type LeafSpace } from '../../../core/state/leaf.js'

/** Of a leaf that is not in the ring of the cache. */
export const NOT_CACHED = -1
/** Its key is too long for the disk: it stays. */
export const PINNED = -2

/** A leaf in the cache, or one that was read from disk to look at. */
export class DiskLeaf extends Leaf {
  /** Its position in the ring of the cache. */
  ringIndex = NOT_CACHED
  /** Was asked for since the hand of the cache passed. */
  isUsed = false
  /** What is on disk is older. */
  isDirty = false
  isOnDisk = false
  /** Deleted: stays until that is done on disk, too. */
  isDead = false
  /** Bytes of memory, about. */
  cost = 0

  constructor(space: LeafSpace, key: InternalKey, value: unknown) {
    super(space, key, value)
  }
}
