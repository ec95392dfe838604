import { SequenceDecoder, SequenceEncoder } from '../../../core/codec/index.js'
import type { ChangeList, ChangeLists } from '../../../core/state/change-list.js'
import type { InternalKey } from '../../../core/state/key.js'
import { GONE, Leaf, LeafSpace, type SpaceId } from '../../../core/state/leaf.js'
import { chunkKey } from './disk-keys.js'
import type { DiskLeafMap } from './disk-leaf-map.js'
import type { ScratchDatabase, ScratchWrites } from './scratch-database.js'

type Change = Leaf | LeafSpace

/** What goes into one record. */
const CHUNK = 1024
const NO_BYTES = new Uint8Array(0)

export interface DiskChangeListsOptions {
  readonly database: ScratchDatabase
  /** Those whose leaves can be found, by number. */
  readonly maps: ReadonlyMap<number, DiskLeafMap>
  /** Changes, of all lists together, that wait in memory. */
  readonly limit: number
}

/** What the lists of a store share. */
export class DiskChangeLists implements ChangeLists<Change> {
  readonly database: ScratchDatabase
  readonly maps: ReadonlyMap<number, DiskLeafMap>
  private readonly limit: number
  /** Lists of which something is in memory. */
  private readonly inMemory = new Set<DiskChangeList>()
  private waiting = 0
  private nextChunk = 1
  private readonly released: number[] = []

  constructor({ database, maps, limit }: DiskChangeListsOptions) {
    this.database = database
    this.maps = maps
    this.limit = limit
  }

  create(): ChangeList<Change> {
    return new DiskChangeList(this)
  }

  join(earlier: ChangeList<Change>, later: ChangeList<Change>): ChangeList<Change> {
    // Both are of this store.
    const [into, from] = [earlier as DiskChangeList, later as DiskChangeList]
    into.append(from)
    this.inMemory.delete(from)
    if (into.waiting > 0) this.inMemory.add(into)
    return into
  }

  release(list: ChangeList<Change>): void {
    const released = list as DiskChangeList
    this.waiting -= released.waiting
    this.inMemory.delete(released)
    for (const chunk of released.chunks()) this.released.push(chunk)
  }

  /** A change has come to a list. */
  count(list: DiskChangeList): void {
    this.waiting++
    if (list.waiting === 1) this.inMemory.add(list)
  }

  /** Between batches: what is too much for memory goes to disk. */
  spill(): void {
    if (this.waiting <= this.limit) return
    this.database.write((writes) => {
      for (const list of this.inMemory) list.spill(writes)
    })
    this.inMemory.clear()
    this.waiting = 0
  }

  /** Removes some chunks that nobody reads any more. */
  purge(count: number): void {
    if (this.released.length === 0) return
    const chunks = this.released.splice(-count)
    this.database.write((writes) => {
      for (const chunk of chunks) writes.remove(chunkKey(chunk))
    })
  }

  write(writes: ScratchWrites, chunk: Uint8Array): number {
    const number = this.nextChunk++
    writes.put(chunkKey(number), chunk)
    return number
  }

  read(chunk: number): SequenceDecoder {
    // A copy: reading a leaf takes its place.
    return new SequenceDecoder((this.database.read(chunkKey(chunk)) ?? NO_BYTES).slice())
  }
}

/**
 * What was changed in an interval, by key: a leaf is looked up when the list is read. What is not found then was deleted,
 * and deletions that have to be written down are listed for themselves.
 */
export class DiskChangeList implements ChangeList<Change> {
  length = 0
  /** Spaces are in memory anyway. */
  private readonly drops: LeafSpace[] = []
  private touched: { readonly spaces: LeafSpace[]; readonly keys: InternalKey[] } = { spaces: [], keys: [] }
  private gone: Leaf[] = []
  private touchedChunks: number[] = []
  private goneChunks: number[] = []
  private slot = 0
  private readonly shared: DiskChangeLists

  constructor(shared: DiskChangeLists) {
    this.shared = shared
  }

  get waiting(): number {
    return this.touched.keys.length + this.gone.length
  }

  push(changed: Change): void {
    this.length++
    if (changed instanceof LeafSpace) {
      this.drops.push(changed)
      return
    }
    if (changed.value === GONE) this.gone.push(changed)
    else {
      this.touched.spaces.push(changed.space)
      this.touched.keys.push(changed.key)
    }
    this.slot = changed.space.slot
    this.shared.count(this)
  }

  append(later: DiskChangeList): void {
    this.length += later.length
    this.slot = later.slot
    for (const space of later.drops) this.drops.push(space)
    for (const space of later.touched.spaces) this.touched.spaces.push(space)
    for (const key of later.touched.keys) this.touched.keys.push(key)
    for (const leaf of later.gone) this.gone.push(leaf)
    for (const chunk of later.touchedChunks) this.touchedChunks.push(chunk)
    for (const chunk of later.goneChunks) this.goneChunks.push(chunk)
  }

  *values(): IterableIterator<Change> {
    // What is in memory may go to disk while this is read.
    const { spaces, keys } = this.touched
    const chunks = [...this.touchedChunks]
    for (let index = 0; index < keys.length; index++) {
      const leaf = mapOf(spaces[index] as LeafSpace).peek(keys[index] as InternalKey)
      if (leaf !== undefined) yield leaf
    }
    for (const chunk of chunks) {
      const entries = this.shared.read(chunk)
      while (entries.hasMore) {
        const number = entries.value() as number
        const key = entries.value() as InternalKey
        const leaf = this.shared.maps.get(number)?.peek(key)
        if (leaf !== undefined) yield leaf
      }
    }
  }

  *deleted(): IterableIterator<Change> {
    const { gone } = this
    const chunks = [...this.goneChunks]
    yield* this.drops
    yield* gone
    for (const chunk of chunks) {
      const entries = this.shared.read(chunk)
      while (entries.hasMore) {
        const space = new LeafSpace(this.slot, entries.value() as SpaceId | undefined)
        const leaf = new Leaf(space, entries.value() as InternalKey, GONE)
        leaf.stamp = entries.value() as number
        leaf.isStored = true
        yield leaf
      }
    }
  }

  spill(writes: ScratchWrites): void {
    const { touched, gone } = this
    this.touched = { spaces: [], keys: [] }
    this.gone = []
    for (let from = 0; from < touched.keys.length; from += CHUNK) {
      const encoder = new SequenceEncoder()
      for (let index = from; index < Math.min(from + CHUNK, touched.keys.length); index++) {
        encoder.value(mapOf(touched.spaces[index] as LeafSpace).number)
        encoder.value(touched.keys[index])
      }
      this.touchedChunks.push(this.shared.write(writes, encoder.take()))
    }
    for (let from = 0; from < gone.length; from += CHUNK) {
      const encoder = new SequenceEncoder()
      for (const leaf of gone.slice(from, from + CHUNK)) {
        encoder.value(leaf.space.id)
        encoder.value(leaf.key)
        encoder.value(leaf.stamp)
      }
      this.goneChunks.push(this.shared.write(writes, encoder.take()))
    }
  }

  *chunks(): IterableIterator<number> {
    yield* this.touchedChunks
    yield* this.goneChunks
  }
}

function mapOf(space: LeafSpace): DiskLeafMap {
  // Every space with such changes is of the store.
  return space.leaves as DiskLeafMap
}
