import type { InternalKey } from '../../state/key.js'
import type { Leaf } from '../../state/leaf.js'
import type { TimeWindow } from '../../window/time-window.js'

/** No time at all: compares as neither before nor after anything. */
export const NO_TIME = Number.NaN

/** The timers of one window in one time domain. */
export class TimerSlot {
  readonly entry: WindowEntry
  /** Registered by the trigger; each once. */
  readonly times: number[] = []
  /** When the window is removed; Infinity: never, or in the other domain. */
  cleanupAt = Number.POSITIVE_INFINITY
  /** For when the queue holds it: at or before what comes next. */
  queuedAt = NO_TIME

  constructor(entry: WindowEntry) {
    this.entry = entry
  }

  /** NO_TIME when there is none. */
  nextTime(): number {
    const { times, cleanupAt } = this
    let next = cleanupAt === Number.POSITIVE_INFINITY ? NO_TIME : cleanupAt
    for (let index = 0; index < times.length; index++) {
      const time = times[index] as number
      if (!(next <= time)) next = time
    }
    return next
  }

  add(time: number): void {
    if (!this.times.includes(time)) this.times.push(time)
  }

  /** Whether it was there. */
  remove(time: number): boolean {
    const index = this.times.indexOf(time)
    if (index < 0) return false
    this.times.splice(index, 1)
    return true
  }
}

/** One window of one key. As a trigger sees it, a TimeWindow. */
export class WindowEntry {
  start: number
  end: number
  readonly key: InternalKey
  /** Counted from the subtask's first. */
  readonly group: number
  /** Undefined when the window is empty (purged). */
  accumulator: unknown = undefined
  triggerState: unknown = undefined
  /** Of a session: under which windows results of what it contains went out. Undefined: none that counts. */
  fired: readonly TimeWindow[] | undefined = undefined
  /** Where the key's windows are stored. Undefined until the store has taken it. */
  leaf: Leaf | undefined = undefined
  readonly eventTime = new TimerSlot(this)
  readonly processingTime = new TimerSlot(this)

  constructor(start: number, end: number, key: InternalKey, group: number) {
    this.start = start
    this.end = end
    this.key = key
    this.group = group
  }
}
