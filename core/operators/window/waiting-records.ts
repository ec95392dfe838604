import type { MapState } from '../../state/backend.js'
import type { InternalKey } from '../../state/key.js'
import { KeyedTimers } from '../../time/timers.js'
import type { OperatorContext } from '../operator.js'
import type { WaitingForm } from './contents.js'
import { NO_TIME } from './window-entry.js'

/** Records of one key and time whose turn has come. */
export interface DueRecords {
  /** Each as it was kept: `take` gives the record. */
  readonly values: readonly unknown[]
  readonly timestamp: number
  readonly key: InternalKey
  /** Counted from the subtask's first. */
  readonly group: number
}

const NONE: readonly unknown[] = []

/**
 * Records ahead of the watermark, by key and time, for windows whose bounds depend on the order of records: each waits
 * until the watermark reaches it. Kept as state, with a timer for each key and time.
 */
export class WaitingRecords {
  private readonly context: OperatorContext
  private readonly form: WaitingForm | undefined
  private readonly timers: KeyedTimers
  private readonly records: MapState<number, readonly unknown[]>

  constructor(context: OperatorContext, form?: WaitingForm) {
    const { keyedState, keyGroups } = context
    this.context = context
    this.form = form
    this.timers = new KeyedTimers(keyGroups)
    keyedState.register(this.timers)
    this.records = keyedState.map<number, readonly unknown[]>({ kind: 'map', name: WAITING })
  }

  /** NO_TIME when none waits. */
  get nextTime(): number {
    return this.timers.event.nextTimestamp ?? NO_TIME
  }

  add(value: unknown, timestamp: number, key: InternalKey, group: number): void {
    const of = group + this.context.keyGroups.first
    const kept = this.form === undefined ? value : this.form.keep(value)
    const { keyedState } = this.context
    keyedState.setCurrentKey(key, of, timestamp)
    const others = this.records.get(timestamp)
    if (others === undefined) {
      this.timers.event.register({ timestamp, key, group: of, namespace: '' })
      this.records.put(timestamp, [kept])
      keyedState.clearCurrentKey()
      return
    }
    // First it is marked as changed, so that a checkpoint that is being written still gets it as it was. Then it may be
    // changed in place, as what a user's state gives may not: a copy for each record would be quadratic.
    const list = others as unknown[]
    this.records.put(timestamp, list)
    list.push(kept)
    keyedState.clearCurrentKey()
  }

  take(kept: unknown): unknown {
    return this.form === undefined ? kept : this.form.take(kept)
  }

  /** The oldest ones up to `until`, in order of arrival. They no longer wait. */
  takeDue(until: number): DueRecords | undefined {
    const timer = this.timers.event.takeDue(until)
    if (timer === undefined) return undefined
    const { timestamp, key, group } = timer
    const { keyedState } = this.context
    keyedState.setCurrentKey(key, group, timestamp)
    const values = this.records.get(timestamp) ?? NONE
    this.records.remove(timestamp)
    keyedState.clearCurrentKey()
    return { values, timestamp, key, group: group - this.context.keyGroups.first }
  }
}

/** A user's states are named after properties; this cannot be one by accident. */
const WAITING = 'ahead of the watermark'
