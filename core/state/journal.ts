import { decode, encode } from '../codec/index.js'
import { EvolvingTable, type EvolvingTableOptions } from './evolving-table.js'
import type { InternalKey } from './key.js'
import type { Leaf, LeafSpace } from './leaf.js'
import type { ValueChange } from './leaf-table.js'

/**
 * What takes back the changes that a call made to state, when the call fails and the job goes on without it. Calls nest.
 * Nothing is noted outside of a call, so that restoring and expiry cost nothing.
 */
export class Journal {
  private readonly undos: (() => void)[] = []
  private depth = 0

  /** A call begins. What it gives is for `rollback`. */
  begin(): number {
    this.depth++
    return this.undos.length
  }

  /** The call has returned. */
  commit(): void {
    if (--this.depth === 0) this.undos.length = 0
  }

  /** The call has failed: whatever was noted since `begin` gave `mark` is undone, the newest change first. */
  rollback(mark: number): void {
    const undone = this.undos.splice(mark)
    this.depth--
    // What an undo changes is no change of the call.
    const { depth } = this
    this.depth = 0
    for (let undo = undone.pop(); undo !== undefined; undo = undone.pop()) undo()
    this.depth = depth
  }

  get isNoting(): boolean {
    return this.depth > 0
  }

  /** @param undo takes the change back, given that all later ones have been */
  note(undo: () => void): void {
    if (this.depth > 0) this.undos.push(undo)
  }
}

/**
 * A table whose changes can be taken back. It undoes them by changes, so that checkpoints hold of them. A value that is
 * changed in place is copied before: that is what an operator pays that goes on after a failed call.
 */
export class JournaledTable extends EvolvingTable {
  private readonly journal: Journal
  /** A change that is part of one that is noted as a whole. */
  private isPart = false

  constructor(options: EvolvingTableOptions, journal: Journal) {
    super(options)
    this.journal = journal
  }

  override touch(leaf: Leaf, change: ValueChange = 'edit'): void {
    if (this.journal.isNoting && !this.isPart) this.noteValue(leaf, change)
    super.touch(leaf)
  }

  override insert(space: LeafSpace, key: InternalKey, value: unknown): Leaf {
    const leaf = super.insert(space, key, value)
    const { slot, id } = space
    this.journal.note(() => {
      const inserted = this.find(slot, id, key)
      if (inserted !== undefined) super.remove(inserted)
    })
    return leaf
  }

  override remove(leaf: Leaf): void {
    const { key, value, space } = leaf
    this.isPart = true
    super.remove(leaf)
    this.isPart = false
    this.journal.note(() => super.insert(this.openSpace(space.slot, space.id), key, value))
  }

  override drop(space: LeafSpace): void {
    const { slot, id } = space
    const entries: (readonly [key: InternalKey, value: unknown])[] = []
    if (this.journal.isNoting) {
      const leaves = space.leaves.values()
      for (let next = leaves.next(); next.done !== true; next = leaves.next()) {
        entries.push([next.value.key, next.value.value])
      }
    }
    super.drop(space)
    this.journal.note(() => {
      const reopened = this.openSpace(slot, id)
      for (const [key, value] of entries) super.insert(reopened, key, value)
    })
  }

  private noteValue(leaf: Leaf, change: ValueChange): void {
    const { key, value } = leaf
    const { slot, id } = leaf.space
    const undone = change === 'append' ? truncated(value) : change === 'replace' ? () => value : this.copied(leaf)
    this.journal.note(() => {
      const found = this.find(slot, id, key)
      if (found === undefined) return
      super.touch(found)
      found.value = undone()
    })
  }

  private copied(leaf: Leaf): () => unknown {
    const { value } = leaf
    if (typeof value !== 'object' || value === null) return () => value
    const stored = encode(this.toStored(value))
    return () => this.fromStored(decode(stored), leaf)
  }

  private find(slot: number, id: InternalKey | undefined, key: InternalKey): Leaf | undefined {
    return this.space(slot, id)?.leaves.get(key)
  }
}

/** Of a list that is only added to. */
function truncated(value: unknown): () => unknown {
  const list = value as unknown[]
  const { length } = list
  return () => {
    list.length = length
    return list
  }
}
