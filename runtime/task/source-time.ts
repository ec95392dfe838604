import type { AlignmentGroup, GroupMember } from './alignment-group.js'

/**
 * Event time of one source over all its subtasks. A split may be followed by another one on another subtask, so no
 * subtask says more than the whole source has reached: otherwise the records of the successor would be late there. The
 * channels of all subtasks meet in a minimum sooner or later, so nothing is lost by it.
 */
export class SourceTime implements GroupMember {
  /** What each subtask has reached; infinite where it waits for no split. */
  private readonly reached: number[]
  private readonly wakes: (() => void)[] = []
  private passed = Number.NEGATIVE_INFINITY
  private held = Number.POSITIVE_INFINITY
  private low = Number.POSITIVE_INFINITY
  private readonly group: AlignmentGroup | undefined

  /** @param group of sources that wait for each other; none: its splits wait for each other alone */
  constructor(parallelism: number, group?: AlignmentGroup) {
    this.reached = new Array<number>(parallelism).fill(Number.POSITIVE_INFINITY)
    this.group = group
    group?.join(this)
  }

  /** No subtask's watermark may be above it. Infinite: nothing is active. */
  get ceiling(): number {
    return Math.min(this.low, this.held)
  }

  /** The minimum over the splits being read, for alignment: what only waits for its turn does not count. */
  get ownLowest(): number {
    return this.low
  }

  /** The same over all sources of the group. */
  get lowest(): number {
    return this.group?.lowest ?? this.low
  }

  /** The highest watermark that any subtask has said. */
  get emitted(): number {
    return this.passed
  }

  /** @param wake called when it may say or read more than before */
  join(subtask: number, wake: () => void): void {
    this.wakes[subtask] = wake
  }

  report(subtask: number, reached: number, emitted: number): void {
    if (emitted > this.passed) this.passed = emitted
    if (this.reached[subtask] === reached) return
    this.reached[subtask] = reached
    let low = Number.POSITIVE_INFINITY
    for (const each of this.reached) if (each < low) low = each
    this.change(() => {
      this.low = low
    })
  }

  /** What has ended and is followed by splits that are not read yet, by id: with what they begin. */
  hold(holds: ReadonlyMap<string, number>): void {
    let held = Number.POSITIVE_INFINITY
    for (const each of holds.values()) if (each < held) held = each
    this.change(() => {
      this.held = held
    })
  }

  wake(): void {
    for (const wake of this.wakes) wake()
  }

  private change(apply: () => void): void {
    const { ceiling, low } = this
    apply()
    if (this.ceiling > ceiling || this.low > low) this.wake()
    if (this.low !== low) this.group?.update()
  }
}
