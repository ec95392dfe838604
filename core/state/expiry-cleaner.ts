import type { Leaf } from './leaf.js'
import type { LeafTable } from './leaf-table.js'
import type { Lifetime } from './lifetime.js'
import type { Aging } from './timed.js'

/** Entries that are looked at between two batches, at least and at most. */
const LEAST = 64
const MOST = 4096
/** For each value that came. Two keep the state at about twice of what has not expired, however fast it changes. */
const PER_CREATED = 2
/** Passes over all entries within one time to live, where there is little to do. */
const PASSES = 16

/**
 * Removes what has expired and nobody asks for: walks over all entries, some between two batches, and begins anew after
 * a part of the time to live. Whatever it removes, nobody holds then.
 */
export class ExpiryCleaner {
  private readonly table: LeafTable
  private readonly lifetime: Lifetime
  private readonly pauseMs: number
  private slot = 0
  private entries: Iterator<Leaf> | undefined
  private isWalking = true
  private passEndedAt = 0
  /** Entries to be looked at because others came. */
  private owed = 0

  constructor(table: LeafTable, lifetime: Lifetime) {
    this.table = table
    this.lifetime = lifetime
    this.pauseMs = lifetime.ms / PASSES
  }

  /** A value came. */
  created(): void {
    this.owed += PER_CREATED
  }

  run(): void {
    const now = this.lifetime.now()
    const { live } = this.table.changes
    if (!this.isWalking && !this.isDue(now)) {
      this.owed = 0
      return
    }
    this.isWalking = true
    const owed = Math.min(this.owed, MOST - LEAST)
    this.owed -= owed
    for (let left = LEAST + owed; left > 0; left--) {
      if (this.entries === undefined) {
        while (this.slot < live.length && live[this.slot] === 0) this.slot++
        if (this.slot === live.length) {
          this.endPass(now)
          return
        }
        this.entries = this.table.entriesOf(this.slot)
      }
      const { value, done } = this.entries.next()
      if (done !== true) this.clean(value, now)
      else {
        this.entries = undefined
        this.slot++
      }
    }
  }

  private isDue(now: number): boolean {
    // A clock that was put back does not put the pass off.
    return now < this.passEndedAt || now >= this.passEndedAt + this.pauseMs
  }

  private endPass(now: number): void {
    this.isWalking = false
    this.passEndedAt = now
    this.slot = 0
  }

  private clean(leaf: Leaf, now: number): void {
    const { table, lifetime } = this
    // The walk is in a map that was cleared since.
    if (leaf.space.droppedAt !== Number.POSITIVE_INFINITY) return
    // A table with times holds nothing else.
    const held = leaf.value as Aging
    const expired = held.countExpired(lifetime.ms, now)
    if (expired === 0) return
    if (expired === held.length) table.remove(leaf)
    else {
      table.touch(leaf)
      held.dropExpired(lifetime.ms, now)
    }
    lifetime.countRemoved(expired)
  }
}
