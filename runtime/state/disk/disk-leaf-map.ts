import type { InternalKey } from '../../../core/state/key.js'
import { GONE, type Leaf, type LeafMap, type LeafSpace } from '../../../core/state/leaf.js'
import type { LeafTable } from '../../../core/state/leaf-table.js'
import { keyOfLeaf, spaceStart } from './disk-keys.js'
import type { DiskLeaf } from './disk-leaf.js'
import type { DiskLeafStore } from './disk-leaf-store.js'

/** Records that an iteration reads at a time. */
const PAGE = 128

export interface DiskLeafMapOptions {
  readonly store: DiskLeafStore
  readonly table: LeafTable
  readonly space: LeafSpace
  /** Unique in the store: records of a space that was dropped do not mix with those of the next one of the same id. */
  readonly number: number
}

/** The leaves of one space: some in the cache, the others on disk only. */
export class DiskLeafMap implements LeafMap {
  readonly table: LeafTable
  readonly space: LeafSpace
  readonly number: number
  /** Those in the cache, dead ones too. Missing while there is none: spaces can be many and small. */
  cached: Map<InternalKey, DiskLeaf> | undefined
  /** Records of it on disk. */
  stored = 0
  /** Lists of changes can find its leaves. */
  isKnown = false
  /** Nothing of it is asked for any more. */
  isReleased = false
  private live = 0
  private readonly store: DiskLeafStore

  constructor(options: DiskLeafMapOptions) {
    this.store = options.store
    this.table = options.table
    this.space = options.space
    this.number = options.number
  }

  get size(): number {
    return this.live
  }

  get(key: InternalKey): Leaf | undefined {
    const leaf = this.cached?.get(key)
    if (leaf === undefined) return this.stored === 0 ? undefined : this.store.load(this, key)
    leaf.isUsed = true
    return leaf.isDead ? undefined : leaf
  }

  /** To look at: what is not in the cache does not get there. */
  peek(key: InternalKey): Leaf | undefined {
    if (this.isReleased) return undefined
    const leaf = this.cached?.get(key)
    if (leaf === undefined) return this.stored === 0 ? undefined : this.store.read(this, key)
    return leaf.isDead ? undefined : leaf
  }

  /** There is none under the key, or a dead one. */
  set(key: InternalKey, leaf: Leaf): void {
    // `newLeaf` of the store has made it.
    const added = leaf as DiskLeaf
    const dead = this.cached?.get(key)
    if (dead !== undefined) {
      added.isOnDisk = dead.isOnDisk
      this.store.cache.remove(dead)
    }
    added.isDirty = true
    this.live++
    this.store.keep(this, added)
  }

  delete(key: InternalKey): boolean {
    const leaf = this.cached?.get(key) ?? (this.stored === 0 ? undefined : this.store.load(this, key))
    if (leaf === undefined || leaf.isDead) return false
    this.live--
    leaf.isDead = true
    leaf.value = GONE
    leaf.stamp = this.table.changes.epoch
    if (leaf.isStored) this.table.changes.listOf(this.space.slot).push(leaf)
    if (leaf.isOnDisk) leaf.isDirty = true
    else this.store.discard(this, leaf)
    return true
  }

  changed(leaf: Leaf): void {
    // It comes from `get`.
    const known = leaf as DiskLeaf
    known.isDirty = true
  }

  drop(): void {
    this.store.drop(this)
  }

  /**
   * Goes on over changes and over what the cache does meanwhile. What is not in the cache gets there when it is changed.
   *
   * 1. At first those that are in the cache alone. One that is written to disk meanwhile was seen, or comes in 2.
   * 2. Then those on disk, in the order of their keys; those in the cache are newer.
   */
  *values(): IterableIterator<Leaf> {
    const seen = new Set<InternalKey>()
    for (const leaf of this.cached?.values() ?? []) {
      if (leaf.isOnDisk || leaf.isDead || seen.has(leaf.key)) continue
      seen.add(leaf.key)
      yield leaf
    }
    const { store } = this
    const end = spaceStart(this.number + 1)
    let after: Uint8Array = spaceStart(this.number)
    while (this.stored > 0 && !this.isReleased) {
      const page = store.database.page(after, end, PAGE)
      const { version } = store.database
      for (const { key: bytes, value } of page) {
        after = bytes
        const key = keyOfLeaf(bytes)
        const cached = this.cached?.get(key)
        if (cached?.isDead || seen.has(key)) continue
        yield cached ?? store.decode(this, key, value)
        // Something was written: what was read ahead may be outdated.
        if (store.database.version !== version) break
      }
      if (page.length < PAGE && store.database.version === version) return
    }
  }
}
