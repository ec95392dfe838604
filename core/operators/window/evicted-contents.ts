import type { Counter } from '../../context.js'
import type { InternalKey } from '../../state/key.js'
import { fromInternalKey } from '../../state/key-codec.js'
import type { Aggregate } from '../../window/aggregate.js'
import type { Evictor, WindowRecord } from '../../window/evictor.js'
import { maxTimestampOf, type TimeWindow, type Window } from '../../window/time-window.js'
import { GIVEN_UP } from '../guard/call-guard.js'
import type { OperatorContext, Output } from '../operator.js'
import { requirePlainRows } from '../promised-rows.js'
import { isAsynchronous, returnedPromise } from '../user-error.js'
import type { Contents } from './contents.js'
import { evictionInvalid, firingFailed, placeOf } from './invalid-input.js'

/** The records themselves with their times, in the order in which they came. The list is the window's own. */
const RECORDS: Aggregate<unknown, WindowRecord[], WindowRecord[]> = {
  kind: 'records',
  create: () => [],
  add(records, value, timestamp) {
    records.push({ value, timestamp })
    return records
  },
  merge(left, right) {
    for (const record of right) left.push(record)
    return left
  },
  result: (records) => records,
}

interface Chosen {
  /** What the function is called for: not at all when there is none. */
  readonly given: readonly WindowRecord[]
  /** What it gets, made of them. */
  readonly whole: unknown
  /** Still there afterwards. */
  readonly kept: readonly WindowRecord[]
}

/**
 * Keeps records whatever the window's function is, since any of them may go, and makes of those that stay what the function
 * wants whenever the window fires.
 */
export class EvictedContents implements Contents {
  // The accumulators that come back are those that it made.
  readonly aggregate = RECORDS as Aggregate<unknown, unknown, unknown>
  private readonly inner: Contents
  private readonly evictor: Evictor
  private evicted!: Counter
  private context!: OperatorContext

  constructor(inner: Contents, evictor: Evictor) {
    this.inner = inner
    this.evictor = evictor
  }

  open(context: OperatorContext): void | Promise<void> {
    this.context = context
    this.evicted = context.metrics.counter('evictedRecords')
    return this.inner.open(context)
  }

  /** Changes the accumulator in place: what the evictor does not keep is no longer in it. */
  emit(
    key: InternalKey,
    window: Window,
    accumulator: unknown,
    watermark: number,
    output: Output,
    replaces?: readonly TimeWindow[],
  ): boolean {
    const records = accumulator as WindowRecord[]
    const { guard } = this.context
    const choose = (): Chosen => this.choose(records, window, watermark)
    const chosen =
      guard === undefined
        ? choose()
        : guard.attempt(choose, () => ({
            value: { key: fromInternalKey(key), window },
            timestamp: maxTimestampOf(window),
          }))
    // The window stays as it was.
    if (chosen === GIVEN_UP) return true
    const { given, whole, kept } = chosen
    this.evict(records, given)
    if (given.length === 0) return true
    const failures = guard?.givenUp
    const isOut = this.inner.emit(key, window, whole, watermark, output, replaces)
    // Of a result that was given up nothing goes that was in it.
    if (guard?.givenUp === failures) this.evict(records, kept)
    return isOut
  }

  isEmpty(accumulator: unknown): boolean {
    return (accumulator as readonly WindowRecord[]).length === 0
  }

  onRemoved(start: number, key: InternalKey, slot: number): void {
    this.inner.onRemoved?.(start, key, slot)
  }

  drain(output: Output): boolean {
    return this.inner.drain(output)
  }

  close(): void | Promise<void> {
    return this.inner.close()
  }

  private evict(records: WindowRecord[], kept: readonly WindowRecord[]): void {
    if (kept.length >= records.length) return
    this.evicted.add(records.length - kept.length)
    for (let index = 0; index < kept.length; index++) records[index] = kept[index] as WindowRecord
    records.length = kept.length
  }

  private choose(records: readonly WindowRecord[], window: Window, watermark: number): Chosen {
    const given = this.keep('before', records, window, watermark)
    if (given.length === 0) return { given, whole: undefined, kept: given }
    // The function has its own copy: what goes behind it may go before its rows are out.
    const whole = this.wholeOf(given, window)
    return { given, whole, kept: this.keep('after', given, window, watermark) }
  }

  private keep(
    when: 'before' | 'after',
    records: readonly WindowRecord[],
    window: Window,
    watermark: number,
  ): readonly WindowRecord[] {
    const choose = this.evictor[when]
    if (choose === undefined) return records
    const { clock } = this.context.environment
    try {
      const kept: unknown = choose.call(this.evictor, records, window, { watermark, processingTime: clock.now() })
      const { operatorId } = this.context
      const where = { operatorId, call: `${when} of the evictor ${this.evictor.kind}`, ...placeOf(window) }
      if (isAsynchronous(kept)) throw returnedPromise(kept, where)
      if (!Array.isArray(kept)) throw evictionInvalid(operatorId, this.evictor.kind)
      requirePlainRows(kept, 0, () => where, 'gave a promise as a record')
      return kept
    } catch (thrown) {
      throw firingFailed(thrown, this.context.operatorId, window)
    }
  }

  private wholeOf(records: readonly WindowRecord[], window: Window): unknown {
    const { aggregate } = this.inner
    try {
      let whole = aggregate.create()
      for (const { value, timestamp } of records) whole = aggregate.add(whole, value, timestamp)
      return whole
    } catch (thrown) {
      throw firingFailed(thrown, this.context.operatorId, window)
    }
  }
}
