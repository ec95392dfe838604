import { NO_TIME, type TimerSlot } from './window-entry.js'

/** Below this size dead items are not worth a sweep. */
const SMALLEST_SWEEP = 64

/**
 * Windows in the order of their next timer: a binary heap with at most one live item a window, so that a session that
 * grows with every record does not fill it. A timer that moves later keeps its item, which is put back when it comes up;
 * items that are dead (superseded, or of a window that is gone) are swept when they are the majority.
 */
export class TimerQueue {
  private times: number[] = []
  private sequences: number[] = []
  private slots: TimerSlot[] = []
  private nextSequence = 0
  private dead = 0

  /** A lower bound of what comes next: NO_TIME when there is nothing. */
  get nextTime(): number {
    return this.times.length === 0 ? NO_TIME : (this.times[0] as number)
  }

  get size(): number {
    return this.times.length
  }

  /** To be called when a slot got a timer that may be its first. */
  schedule(slot: TimerSlot): void {
    const next = slot.nextTime()
    if (Number.isNaN(next) || slot.queuedAt <= next) return
    if (!Number.isNaN(slot.queuedAt)) this.dead++
    slot.queuedAt = next
    this.push(next, this.nextSequence++, slot)
    if (this.dead > SMALLEST_SWEEP && this.dead > this.times.length / 2) this.sweep()
  }

  /** The window is gone. */
  cancel(slot: TimerSlot): void {
    if (Number.isNaN(slot.queuedAt)) return
    slot.queuedAt = NO_TIME
    this.dead++
  }

  /** Takes the next slot that has a timer at or before `until`; undefined when there is none. */
  takeDue(until: number): TimerSlot | undefined {
    while (this.times.length > 0 && (this.times[0] as number) <= until) {
      const time = this.times[0] as number
      const slot = this.slots[0] as TimerSlot
      this.popFirst()
      if (slot.queuedAt !== time) {
        this.dead--
        continue
      }
      slot.queuedAt = NO_TIME
      if (slot.nextTime() <= until) return slot
      this.schedule(slot)
    }
    return undefined
  }

  private push(time: number, sequence: number, slot: TimerSlot): void {
    const { times, sequences, slots } = this
    let at = times.length
    times.push(time)
    sequences.push(sequence)
    slots.push(slot)
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!this.isBefore(at, parent)) break
      this.swap(at, parent)
      at = parent
    }
  }

  private popFirst(): void {
    const { times, sequences, slots } = this
    const last = times.length - 1
    this.swap(0, last)
    times.pop()
    sequences.pop()
    slots.pop()
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      if (left >= last) return
      const child = left + 1 < last && this.isBefore(left + 1, left) ? left + 1 : left
      if (!this.isBefore(child, at)) return
      this.swap(at, child)
      at = child
    }
  }

  private isBefore(left: number, right: number): boolean {
    const leftTime = this.times[left] as number
    const rightTime = this.times[right] as number
    if (leftTime !== rightTime) return leftTime < rightTime
    return (this.sequences[left] as number) < (this.sequences[right] as number)
  }

  private swap(left: number, right: number): void {
    const { times, sequences, slots } = this
    const time = times[left] as number
    const sequence = sequences[left] as number
    const slot = slots[left] as TimerSlot
    times[left] = times[right] as number
    sequences[left] = sequences[right] as number
    slots[left] = slots[right] as TimerSlot
    times[right] = time
    sequences[right] = sequence
    slots[right] = slot
  }

  private sweep(): void {
    const { times, sequences, slots } = this
    this.times = []
    this.sequences = []
    this.slots = []
    this.dead = 0
    for (let index = 0; index < times.length; index++) {
      const slot = slots[index] as TimerSlot
      if (slot.queuedAt === times[index]) this.push(slot.queuedAt, sequences[index] as number, slot)
    }
  }
}
