import type { InternalKey } from '../../../core/state/key.js'
import type { Leaf, LeafMap, LeafSpace } from '../../../core/state/leaf.js'
import type { LeafStore, LeafTable } from '../../../core/state/leaf-table.js'
import { DiskChangeLists } from './disk-change-lists.js'
import { leafKey, spaceStart } from './disk-keys.js'
import { DiskLeaf, NOT_CACHED } from './disk-leaf.js'
import { DiskLeafMap } from './disk-leaf-map.js'
import { LeafCache } from './leaf-cache.js'
import { decodeLeaf, encodeLeaf } from './leaf-record.js'
import type { ScratchDatabase } from './scratch-database.js'

/** Leaves that go in one transaction: some five milliseconds. */
const EVICTED_AT_ONCE = 512
/** Records of what is gone that are removed between two batches. */
const PURGED_AT_ONCE = 256
/** From there on the next batch waits until there is room. */
const HARD_SHARE = 9 / 8
const MEASURED = 4
const CHANGES_IN_MEMORY = 16 * 1024

export interface DiskLeafStoreOptions {
  readonly operatorId: string
  readonly database: ScratchDatabase
  /** Bytes of memory that its cache may take, about; asked for again and again. */
  readonly budget: () => number
  /** Changes since the checkpoints, to be listed on disk beyond that. Default 16,384. */
  readonly changesInMemory?: number
  readonly onClose?: () => void
}

/**
 * Keeps the leaves of one operator's tables on one subtask: a bounded cache of them, the others on disk. It reads when it
 * is asked, and writes between batches (`trim`), when nobody holds a leaf.
 */
export class DiskLeafStore implements LeafStore {
  readonly database: ScratchDatabase
  readonly cache = new LeafCache()
  /** Those that lists of changes may name, by number. */
  readonly maps = new Map<number, DiskLeafMap>()
  readonly lists: DiskChangeLists
  private readonly options: DiskLeafStoreOptions
  private nextSpace = 1
  private isEvicting = false
  /** Dropped while a snapshot may still need them. */
  private held: DiskLeafMap[] = []
  /** Dropped, with records on disk. */
  private readonly dropped: DiskLeafMap[] = []
  private trims = 0

  constructor(options: DiskLeafStoreOptions) {
    this.options = options
    this.database = options.database
    const { database, changesInMemory: limit = CHANGES_IN_MEMORY } = options
    this.lists = new DiskChangeLists({ database, maps: this.maps, limit })
  }

  attach({ changes }: LeafTable): void {
    changes.keepIn(this.lists)
    changes.onTouch = (_slot, changed) => {
      if (!(changed instanceof DiskLeaf)) return
      changed.isDirty = true
      if (changed.isOnDisk && changed.ringIndex === NOT_CACHED) this.adopt(changed)
    }
  }

  newLeaf(space: LeafSpace, key: InternalKey): Leaf {
    return new DiskLeaf(space, key, undefined)
  }

  openMap(table: LeafTable, space: LeafSpace): LeafMap {
    return new DiskLeafMap({ store: this, table, space, number: this.nextSpace++ })
  }

  /** @throws TidemarkError STATE_DISK_FAILED, STATE_NOT_SERIALIZABLE */
  trim(): void {
    if (this.held.length > 0) {
      const held = this.held.splice(0)
      for (const map of held) this.drop(map)
    }
    if (++this.trims % 16 === 0) this.measure()
    this.evict()
    this.lists.spill()
    this.purge()
  }

  close(): void {
    this.options.onClose?.()
  }

  /** From disk into the cache. */
  load(map: DiskLeafMap, key: InternalKey): DiskLeaf | undefined {
    const record = this.record(map, key)
    if (record === undefined) return undefined
    const leaf = this.decode(map, key, record)
    this.keep(map, leaf, record.length)
    return leaf
  }

  /** From disk, to look at. */
  read(map: DiskLeafMap, key: InternalKey): DiskLeaf | undefined {
    const record = this.record(map, key)
    return record && this.decode(map, key, record)
  }

  decode(map: DiskLeafMap, key: InternalKey, record: Uint8Array): DiskLeaf {
    const leaf = new DiskLeaf(map.space, key, undefined)
    decodeLeaf(map.table, leaf, record)
    return leaf
  }

  keep(map: DiskLeafMap, leaf: DiskLeaf, recordBytes?: number): void {
    if (!map.isKnown) {
      map.isKnown = true
      this.maps.set(map.number, map)
    }
    map.cached ??= new Map()
    map.cached.set(leaf.key, leaf)
    this.cache.add(leaf, recordBytes)
  }

  /** From the cache: it is on disk as it is, or is not to be anywhere. */
  discard(map: DiskLeafMap, leaf: DiskLeaf): void {
    this.cache.remove(leaf)
    map.cached?.delete(leaf.key)
    if (map.cached?.size !== 0) return
    map.cached = undefined
    if (map.stored > 0 || map.size > 0) return
    map.isKnown = false
    this.maps.delete(map.number)
  }

  /** A snapshot that was begun before may need it. */
  drop(map: DiskLeafMap): void {
    if (map.table.changes.copyOnWrite !== undefined) this.held.push(map)
    else this.release(map)
  }

  /** Whoever was only looked at is going to be changed. */
  private adopt(leaf: DiskLeaf): void {
    const map = mapOf(leaf)
    if (!map.isReleased && !map.cached?.has(leaf.key)) this.keep(map, leaf)
  }

  private release(map: DiskLeafMap): void {
    map.isReleased = true
    for (const leaf of map.cached?.values() ?? []) this.cache.remove(leaf)
    map.cached = undefined
    this.maps.delete(map.number)
    if (map.stored > 0) this.dropped.push(map)
  }

  private record(map: DiskLeafMap, key: InternalKey): Uint8Array | undefined {
    const bytes = leafKey(map.number, key)
    return bytes && this.database.read(bytes)
  }

  private evict(): void {
    const budget = this.options.budget()
    const downTo = budget - budget / 16
    if (this.cache.bytes > budget) this.isEvicting = true
    while (this.isEvicting) {
      this.writeBack(this.cache.takeOldest(downTo, EVICTED_AT_ONCE))
      if (this.cache.bytes <= downTo || this.cache.length === 0) this.isEvicting = false
      else if (this.cache.bytes <= budget * HARD_SHARE) return
    }
  }

  private writeBack(leaves: readonly DiskLeaf[]): void {
    const { operatorId } = this.options
    const dirty: { readonly leaf: DiskLeaf; readonly key: Uint8Array; readonly record: Uint8Array | undefined }[] = []
    for (const leaf of leaves) {
      if (!leaf.isDirty) continue
      const map = mapOf(leaf)
      const key = leafKey(map.number, leaf.key)
      if (key === undefined) this.cache.pin(leaf)
      else dirty.push({ leaf, key, record: leaf.isDead ? undefined : encodeLeaf(map.table, leaf, operatorId) })
    }
    if (dirty.length > 0) {
      // Neighbours share pages.
      dirty.sort((left, right) => Buffer.compare(left.key, right.key))
      this.database.write((writes) => {
        for (const { key, record } of dirty) record === undefined ? writes.remove(key) : writes.put(key, record)
      })
    }
    for (const { leaf, record } of dirty) {
      const map = mapOf(leaf)
      if (record === undefined) map.stored--
      else {
        this.cache.measure(record.length)
        if (!leaf.isOnDisk) map.stored++
      }
      leaf.isOnDisk = record !== undefined
      leaf.isDirty = false
    }
    for (const leaf of leaves) if (!leaf.isDirty) this.discard(mapOf(leaf), leaf)
  }

  /** While nothing is written, some are encoded for their size alone. */
  private measure(): void {
    for (const leaf of this.cache.newest(MEASURED)) {
      if (leaf.isOnDisk || leaf.isDead) continue
      this.cache.measure(encodeLeaf(mapOf(leaf).table, leaf, this.options.operatorId).length)
    }
  }

  private purge(): void {
    const [map] = this.dropped
    if (map === undefined) {
      this.lists.purge(PURGED_AT_ONCE)
      return
    }
    const page = this.database.page(spaceStart(map.number), spaceStart(map.number + 1), PURGED_AT_ONCE)
    if (page.length > 0) {
      this.database.write((writes) => {
        for (const { key } of page) writes.remove(key)
      })
    }
    if (page.length < PURGED_AT_ONCE) this.dropped.shift()
  }
}

function mapOf(leaf: DiskLeaf): DiskLeafMap {
  // Every space with such leaves is of this store.
  return leaf.space.leaves as DiskLeafMap
}
