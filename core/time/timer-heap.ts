import type { InternalKey } from '../state/key.js'
import type { Tracked } from '../state/leaf.js'

/** Tells the timers of a key apart: a window, a purpose. */
export type TimerNamespace = string | number

export interface Timer {
  /** Due when the watermark (or the clock) has reached it. */
  readonly timestamp: number
  readonly key: InternalKey
  readonly group: number
  readonly namespace: TimerNamespace
}

/** Whose clock a timer waits for. */
export type TimeDomain = 'event' | 'processing'

/** A timer that waits. `position` is its place in the heap, so that it can be taken out of the middle. */
export interface WaitingTimer extends Timer, Tracked {
  readonly domain: TimeDomain
  readonly order: number
  position: number
}

/** The position of a timer that has fired or was deleted. */
export const WAITS_NOT = -1

/** Binary heap: the earliest timer first, of equal ones the one that was registered first. */
export class TimerHeap {
  private readonly timers: WaitingTimer[] = []

  get size(): number {
    return this.timers.length
  }

  get first(): WaitingTimer | undefined {
    return this.timers[0]
  }

  push(timer: WaitingTimer): void {
    this.timers.push(timer)
    this.rise(timer, this.timers.length - 1)
  }

  remove(timer: WaitingTimer): void {
    // Never empty: the timer is in it.
    const last = this.timers.pop() as WaitingTimer
    const { position } = timer
    timer.position = WAITS_NOT
    if (last === timer) return
    if (position > 0 && isBefore(last, this.timers[(position - 1) >> 1] as WaitingTimer)) this.rise(last, position)
    else this.sink(last, position)
  }

  private rise(timer: WaitingTimer, from: number): void {
    const { timers } = this
    let position = from
    while (position > 0) {
      const parentPosition = (position - 1) >> 1
      const parent = timers[parentPosition] as WaitingTimer
      if (!isBefore(timer, parent)) break
      timers[position] = parent
      parent.position = position
      position = parentPosition
    }
    timers[position] = timer
    timer.position = position
  }

  private sink(timer: WaitingTimer, from: number): void {
    const { timers } = this
    let position = from
    for (;;) {
      let childPosition = 2 * position + 1
      if (childPosition >= timers.length) break
      let child = timers[childPosition] as WaitingTimer
      const right = timers[childPosition + 1]
      if (right !== undefined && isBefore(right, child)) {
        child = right
        childPosition++
      }
      if (!isBefore(child, timer)) break
      timers[position] = child
      child.position = position
      position = childPosition
    }
    timers[position] = timer
    timer.position = position
  }
}

function isBefore(left: WaitingTimer, right: WaitingTimer): boolean {
  return left.timestamp < right.timestamp || (left.timestamp === right.timestamp && left.order < right.order)
}
