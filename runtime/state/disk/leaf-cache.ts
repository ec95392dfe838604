import type { DiskLeaf } from './disk-leaf.js'
import { NOT_CACHED, PINNED } from './disk-leaf.js'

/** A leaf with its places in map and ring, before its key and value. */
const LEAF_BYTES = 240
/** What a value takes in memory for each byte that it takes on disk. */
const MEMORY_PER_BYTE = 3
/** Of a record, until one was written. */
const FIRST_GUESS = 100
const SMOOTHING = 1 / 64

/** What is in memory, and who goes next: CLOCK (Corbató 1968), which is nearly least recently used and costs a flag. */
export class LeafCache {
  /** About. */
  bytes = 0
  private readonly ring: DiskLeaf[] = []
  private hand = 0
  private meanRecordBytes = FIRST_GUESS

  get length(): number {
    return this.ring.length
  }

  /** @param recordBytes as it is on disk; undefined: it never was */
  add(leaf: DiskLeaf, recordBytes: number | undefined): void {
    leaf.cost = LEAF_BYTES + Math.round(MEMORY_PER_BYTE * (recordBytes ?? this.meanRecordBytes))
    leaf.ringIndex = this.ring.length
    this.ring.push(leaf)
    this.bytes += leaf.cost
  }

  remove(leaf: DiskLeaf): void {
    const { ring } = this
    const { ringIndex } = leaf
    leaf.ringIndex = NOT_CACHED
    if (ringIndex < 0) return
    this.bytes -= leaf.cost
    const last = ring.pop() as DiskLeaf
    if (last === leaf) return
    ring[ringIndex] = last
    last.ringIndex = ringIndex
  }

  /** It stays, and does not count. */
  pin(leaf: DiskLeaf): void {
    this.remove(leaf)
    leaf.ringIndex = PINNED
  }

  /** How large records are. */
  measure(recordBytes: number): void {
    this.meanRecordBytes += (recordBytes - this.meanRecordBytes) * SMOOTHING
  }

  /** Takes out whoever was not used for the longest time, about. */
  takeOldest(downTo: number, limit: number): DiskLeaf[] {
    const { ring } = this
    const taken: DiskLeaf[] = []
    // Twice around: the first time may only clear the flags.
    for (
      let steps = 2 * ring.length;
      steps > 0 && ring.length > 0 && this.bytes > downTo && taken.length < limit;
      steps--
    ) {
      if (this.hand >= ring.length) this.hand = 0
      const leaf = ring[this.hand] as DiskLeaf
      if (leaf.isUsed) {
        leaf.isUsed = false
        this.hand++
      } else {
        this.remove(leaf)
        taken.push(leaf)
      }
    }
    return taken
  }

  /** Some of those that came last, whose size nobody may know yet. */
  newest(count: number): readonly DiskLeaf[] {
    return this.ring.slice(-count)
  }
}
