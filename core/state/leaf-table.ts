import type { SequenceEncoder } from '../codec/index.js'
import { ChangeLog } from './change-log.js'
import type { KeyGroupedComponent, Presence, StoredLayout } from './component.js'
import { type InternalKey, isInternalKey } from './key.js'
import { GONE, Leaf, type LeafMap, LeafSpace, RESTORED, type SpaceId } from './leaf.js'
import { stateCorrupt } from './state-error.js'

/** How a value is about to change: in place, in place by what is added at the end of a list, or for another one. */
export type ValueChange = 'edit' | 'append' | 'replace'

/** Where leaves are: in `Map`s, or on disk behind a cache of them. */
export interface LeafStore {
  /** A table whose leaves it is to keep, before it has any. */
  attach?(table: LeafTable): void
  /** Where a store has to know more of its leaves. */
  newLeaf?(space: LeafSpace, key: InternalKey): Leaf
  /** The leaves of a new space of a table. */
  openMap(table: LeafTable, space: LeafSpace): LeafMap
  /** Between batches: what a bounded cache holds too much goes. Nobody keeps a leaf over it. */
  trim?(): void
  close?(): void
}

export interface LeafTableOptions {
  readonly name: string
  readonly operatorId: string
  readonly slots: number
  readonly firstGroup: number
  readonly store: LeafStore
  readonly layout: StoredLayout
  /** @throws TidemarkError when data in this form cannot be read */
  readonly accept: (stored: StoredLayout) => void
  /** Spaces have ids, and a key is stored as [space, key]; else there is one a key group. */
  readonly hasSpaces: boolean
  /** Plain data of a value, where it is not that itself. */
  readonly toStored?: (value: unknown) => unknown
  /** The value of what was stored; throws when it is none. */
  readonly fromStored?: (stored: unknown, leaf: Leaf) => unknown
}

/** Entries by key group, by space in it, by key: what all state but timers is kept in. */
export class LeafTable implements KeyGroupedComponent<Leaf | LeafSpace> {
  readonly name: string
  readonly layout: string
  readonly version: number
  readonly changes: ChangeLog<Leaf | LeafSpace>
  private readonly options: LeafTableOptions
  /** By slot, by id; of a table without spaces the id is undefined. */
  private readonly slots: Map<SpaceId | undefined, LeafSpace>[]
  /** Of a table without spaces: by slot. */
  private readonly only: (LeafSpace | undefined)[]

  constructor(options: LeafTableOptions) {
    this.options = options
    this.name = options.name
    this.layout = options.layout.layout
    this.version = options.layout.version
    this.changes = new ChangeLog(options.slots, (entry) => this.isNeeded(entry))
    this.slots = Array.from({ length: options.slots }, () => new Map())
    this.only = new Array<undefined>(options.slots).fill(undefined)
    options.store.attach?.(this)
  }

  /** The space, to read: undefined when it has never held anything. */
  space(slot: number, id?: SpaceId): LeafSpace | undefined {
    return id === undefined ? this.only[slot] : this.slots[slot]?.get(id)
  }

  /** The space, made when it is missing. */
  openSpace(slot: number, id?: SpaceId): LeafSpace {
    const found = this.space(slot, id)
    if (found !== undefined) return found
    const space = new LeafSpace(slot, id)
    space.leaves = this.options.store.openMap(this, space)
    this.slots[slot]?.set(id, space)
    if (id === undefined) this.only[slot] = space
    return space
  }

  spacesOf(slot: number): Iterable<LeafSpace> {
    return (this.slots[slot] as Map<SpaceId | undefined, LeafSpace>).values()
  }

  /** A new entry. There must be none under its key. */
  insert(space: LeafSpace, key: InternalKey, value: unknown): Leaf {
    const { changes } = this
    const leaf = this.newLeaf(space, key)
    changes.touch(space.slot, leaf)
    leaf.value = value
    space.leaves.set(key, leaf)
    changes.live[space.slot] = (changes.live[space.slot] as number) + 1
    return leaf
  }

  /** Before `leaf.value` is replaced or changed in place. */
  touch(leaf: Leaf, _change?: ValueChange): void {
    if (leaf.stamp !== this.changes.epoch) this.changes.touch(leaf.space.slot, leaf)
  }

  remove(leaf: Leaf): void {
    const { changes } = this
    const { slot } = leaf.space
    this.touch(leaf)
    leaf.value = GONE
    leaf.space.leaves.delete(leaf.key)
    if (this.options.hasSpaces && leaf.space.leaves.size === 0) this.slots[slot]?.delete(leaf.space.id)
    changes.live[slot] = (changes.live[slot] as number) - 1
    if (!leaf.isStored) changes.discard(slot, 1)
  }

  /** Everything of a space goes, at the cost of one entry. */
  drop(space: LeafSpace): void {
    const { changes } = this
    const { slot, id } = space
    const count = space.leaves.size
    this.slots[slot]?.delete(id)
    if (id === undefined) this.only[slot] = undefined
    if (count === 0 && !space.isStored) return
    changes.touch(slot, space)
    space.droppedAt = changes.epoch
    changes.live[slot] = (changes.live[slot] as number) - count
    space.leaves.drop?.()
    changes.discard(slot, count)
  }

  /** A checkpoint has to know of what it may hold and what is there. */
  private isNeeded(entry: Leaf | LeafSpace): boolean {
    if (entry instanceof LeafSpace) return entry.isStored
    return entry.space.droppedAt === Number.POSITIVE_INFINITY && (entry.isStored || entry.value !== GONE)
  }

  *entriesOf(slot: number): IterableIterator<Leaf> {
    for (const space of this.spacesOf(slot)) yield* leavesOf(space)
  }

  membersOf(entry: Leaf | LeafSpace): Iterator<Leaf> | undefined {
    return entry instanceof LeafSpace ? leavesOf(entry) : undefined
  }

  presence(entry: Leaf | LeafSpace, asOf: number): Presence {
    if (entry instanceof LeafSpace) return entry.droppedAt <= asOf ? 'gone' : 'covered'
    if (entry.space.droppedAt <= asOf) return 'covered'
    return entry.value === GONE ? 'gone' : 'present'
  }

  writeKey(entry: Leaf | LeafSpace, encoder: SequenceEncoder): void {
    if (entry instanceof LeafSpace) encoder.value([entry.id])
    else if (this.options.hasSpaces) encoder.value([entry.space.id, entry.key])
    else encoder.value(entry.key)
  }

  writeValue(entry: Leaf | LeafSpace, encoder: SequenceEncoder): void {
    // Only leaves are ever present.
    const leaf = entry as Leaf
    leaf.space.isStored = true
    encoder.value(this.toStored(leaf.value))
  }

  accept(stored: StoredLayout): void {
    this.options.accept(stored)
  }

  restore(slot: number, stored: unknown, value: unknown): void {
    const { id, key } = this.readKey(slot, stored)
    if (key === undefined) throw this.corrupt(slot, 'a space with a value')
    const space = this.openSpace(slot, id)
    const found = space.leaves.get(key)
    const leaf = found ?? this.newLeaf(space, key)
    leaf.value = this.fromStored(value, leaf)
    leaf.stamp = RESTORED
    leaf.isStored = true
    space.isStored = true
    if (found !== undefined) space.leaves.changed?.(leaf)
    else {
      space.leaves.set(key, leaf)
      this.changes.live[slot] = (this.changes.live[slot] as number) + 1
    }
  }

  restoreDeletion(slot: number, stored: unknown): void {
    const { id, key } = this.readKey(slot, stored)
    const space = this.space(slot, id)
    if (space === undefined) return
    if (key === undefined) this.forget(space)
    else if (space.leaves.delete(key)) {
      this.changes.live[slot] = (this.changes.live[slot] as number) - 1
      if (this.options.hasSpaces && space.leaves.size === 0) this.forget(space)
    }
  }

  restoreEmpty(slot: number): void {
    for (const space of [...this.spacesOf(slot)]) this.forget(space)
  }

  toStored(value: unknown): unknown {
    return this.options.toStored === undefined ? value : this.options.toStored(value)
  }

  fromStored(stored: unknown, leaf: Leaf): unknown {
    return this.options.fromStored === undefined ? stored : this.options.fromStored(stored, leaf)
  }

  private newLeaf(space: LeafSpace, key: InternalKey): Leaf {
    const { store } = this.options
    return store.newLeaf === undefined ? new Leaf(space, key, undefined) : store.newLeaf(space, key)
  }

  private forget(space: LeafSpace): void {
    this.changes.live[space.slot] = (this.changes.live[space.slot] as number) - space.leaves.size
    this.slots[space.slot]?.delete(space.id)
    if (space.id === undefined) this.only[space.slot] = undefined
    space.leaves.drop?.()
  }

  /** Without a key: the space as a whole. */
  private readKey(slot: number, stored: unknown): { id: SpaceId | undefined; key: InternalKey | undefined } {
    if (!this.options.hasSpaces) {
      if (!isInternalKey(stored)) throw this.corrupt(slot, 'a key that is none')
      return { id: undefined, key: stored }
    }
    if (!Array.isArray(stored) || stored.length < 1 || stored.length > 2 || !stored.every(isInternalKey)) {
      throw this.corrupt(slot, 'a key that is none')
    }
    return { id: stored[0], key: stored[1] }
  }

  private corrupt(slot: number, found: string): Error {
    return stateCorrupt(this.options.operatorId, this.options.firstGroup + slot, `${found} in '${this.name}'`)
  }
}

function* leavesOf(space: LeafSpace): IterableIterator<Leaf> {
  const leaves = space.leaves.values()
  for (;;) {
    const { value, done } = leaves.next()
    if (done === true) return
    yield value
  }
}
