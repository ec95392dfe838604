import type { InternalKey } from './key.js'
import type { Leaf, LeafSpace } from './leaf.js'
import type { LeafTable } from './leaf-table.js'
import type { Lifetime } from './lifetime.js'
import { isExpired, TimedValue } from './timed.js'

export interface TimedTable {
  readonly table: LeafTable
  readonly lifetime: Lifetime
  /** To be called when a value comes. */
  readonly onCreated: () => void
}

/** Access to single values with a time to live, each in a leaf: the value of a key, or an entry of a map. */
export class TimedLeaves {
  readonly table: LeafTable
  readonly lifetime: Lifetime
  private readonly onCreated: () => void

  constructor({ table, lifetime, onCreated }: TimedTable) {
    this.table = table
    this.lifetime = lifetime
    this.onCreated = onCreated
  }

  /** For a reader: what has expired and is never shown goes. The leaf can be changed. */
  read(leaf: Leaf): TimedValue | undefined {
    const { table, lifetime } = this
    const held = heldBy(leaf)
    const now = lifetime.now()
    if (isExpired(held.lastAccess, lifetime.ms, now)) {
      if (lifetime.showsExpired) return held
      table.remove(leaf)
      lifetime.countRemoved(1)
      return undefined
    }
    if (lifetime.isRenewedByReads && held.lastAccess !== now) {
      table.touch(leaf)
      held.lastAccess = now
    }
    return held
  }

  /** To be changed in place and written. */
  edit(leaf: Leaf): unknown {
    const held = heldBy(leaf)
    if (!this.isSeen(held)) return undefined
    this.table.touch(leaf)
    return held.value
  }

  /** Whether a reader would get it, who is not there. */
  isSeen(held: TimedValue): boolean {
    const { lifetime } = this
    return lifetime.showsExpired || !isExpired(held.lastAccess, lifetime.ms, lifetime.now())
  }

  replace(leaf: Leaf, value: unknown): void {
    const held = heldBy(leaf)
    if (!this.isSeen(held)) this.lifetime.countRemoved(1)
    this.table.touch(leaf)
    held.lastAccess = this.lifetime.now()
    held.value = value
  }

  insert(space: LeafSpace, key: InternalKey, value: unknown): void {
    this.table.insert(space, key, new TimedValue(this.lifetime.now(), value))
    this.onCreated()
  }
}

export function heldBy(leaf: Leaf): TimedValue {
  // The table holds nothing else.
  return leaf.value as TimedValue
}
