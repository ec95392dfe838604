import type { ChangeLog } from '../state/change-log.js'
import type { InternalKey } from '../state/key.js'
import { NEVER } from '../state/leaf.js'
import {
  type TimeDomain,
  type Timer,
  TimerHeap,
  type TimerNamespace,
  WAITS_NOT,
  type WaitingTimer,
} from './timer-heap.js'
import { timestampInvalid } from './timestamp.js'

/** The timers of one key: nearly always one, which then costs no map. */
type Bucket = WaitingTimer | Map<string, WaitingTimer>

export interface TimerQueueOptions {
  readonly domain: TimeDomain
  readonly firstGroup: number
  readonly changes: ChangeLog<WaitingTimer>
}

/**
 * Timers of one time domain, by key group. A timer that is registered twice (same timestamp, key and namespace) exists
 * once. A million of them cost a heap entry and a map entry each; no operation looks at more than log n.
 */
export class TimerQueue {
  private readonly options: TimerQueueOptions
  private readonly heap = new TimerHeap()
  private readonly groups = new Map<number, Map<InternalKey, Bucket>>()
  private registered = 0

  constructor(options: TimerQueueOptions) {
    this.options = options
  }

  get size(): number {
    return this.heap.size
  }

  /** When the next timer is due; undefined when there is none. */
  get nextTimestamp(): number | undefined {
    return this.heap.first?.timestamp
  }

  /**
   * Infinity is for the end of the input. A timestamp in the past is due at once.
   * @returns undefined when the timer exists already
   * @throws TidemarkError TIMESTAMP_INVALID for NaN and what is not a number
   */
  register(timer: Timer): WaitingTimer | undefined {
    const { timestamp, key, group, namespace } = timer
    if (typeof timestamp !== 'number' || Number.isNaN(timestamp)) throw timestampInvalid(timestamp)
    let keys = this.groups.get(group)
    if (keys === undefined) {
      keys = new Map()
      this.groups.set(group, keys)
    }
    const bucket = keys.get(key)
    if (bucket !== undefined && find(bucket, timestamp, namespace) !== undefined) return undefined
    const { domain, changes, firstGroup } = this.options
    const waiting: WaitingTimer = {
      timestamp,
      key,
      group,
      namespace,
      domain,
      order: this.registered++,
      position: WAITS_NOT,
      stamp: NEVER,
      isStored: false,
    }
    const slot = group - firstGroup
    changes.touch(slot, waiting)
    changes.live[slot] = (changes.live[slot] as number) + 1
    if (bucket === undefined) keys.set(key, waiting)
    else if (bucket instanceof Map) bucket.set(identity(timestamp, namespace), waiting)
    else keys.set(key, bucketOf(bucket, waiting))
    this.heap.push(waiting)
    return waiting
  }

  /** @returns false when there is no such timer */
  delete(timer: Timer): boolean {
    const bucket = this.groups.get(timer.group)?.get(timer.key)
    const waiting = bucket && find(bucket, timer.timestamp, timer.namespace)
    if (waiting === undefined) return false
    this.remove(waiting)
    return true
  }

  /**
   * Takes out the earliest timer that is due at `time`; undefined when none is. Firing is a loop over this that can
   * stop after any timer and go on later; what a timer registers takes part when it is due itself.
   */
  takeDue(time: number): Timer | undefined {
    const { first } = this.heap
    if (first === undefined || first.timestamp > time) return undefined
    this.remove(first)
    return first
  }

  *timersOf(group: number): IterableIterator<WaitingTimer> {
    for (const bucket of this.groups.get(group)?.values() ?? []) {
      if (bucket instanceof Map) yield* bucket.values()
      else yield bucket
    }
  }

  private remove(timer: WaitingTimer): void {
    const { changes, firstGroup } = this.options
    const slot = timer.group - firstGroup
    if (timer.stamp !== changes.epoch) changes.touch(slot, timer)
    changes.live[slot] = (changes.live[slot] as number) - 1
    this.heap.remove(timer)
    if (!timer.isStored) changes.discard(slot, 1)
    // It was found through both maps.
    const keys = this.groups.get(timer.group) as Map<InternalKey, Bucket>
    const bucket = keys.get(timer.key)
    if (bucket instanceof Map) {
      bucket.delete(identity(timer.timestamp, timer.namespace))
      if (bucket.size > 0) return
    }
    keys.delete(timer.key)
    if (keys.size === 0) this.groups.delete(timer.group)
  }
}

function find(bucket: Bucket, timestamp: number, namespace: TimerNamespace): WaitingTimer | undefined {
  if (bucket instanceof Map) return bucket.get(identity(timestamp, namespace))
  return bucket.timestamp === timestamp && bucket.namespace === namespace ? bucket : undefined
}

function bucketOf(first: WaitingTimer, second: WaitingTimer): Bucket {
  return new Map([
    [identity(first.timestamp, first.namespace), first],
    [identity(second.timestamp, second.namespace), second],
  ])
}

/** Within one key. The tag tells namespace 1 from '1'. */
function identity(timestamp: number, namespace: TimerNamespace): string {
  return `${timestamp}${typeof namespace === 'number' ? 'n' : 's'}${namespace}`
}
