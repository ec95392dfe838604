import type { Counter } from '../../context.js'
import type { Environment } from '../../environment.js'
import type { InternalKey } from '../../state/key.js'
import type { Aggregate } from '../../window/aggregate.js'
import type { Evictor, WindowRecord } from '../../window/evictor.js'
import type { TimeWindow, Window } from '../../window/time-window.js'
import type { OperatorContext, Output } from '../operator.js'
import type { Contents } from './contents.js'
import { evictionInvalid, firingFailed } from './invalid-input.js'

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
  private environment!: Environment
  private operatorId = ''

  constructor(inner: Contents, evictor: Evictor) {
    this.inner = inner
    this.evictor = evictor
  }

  open(context: OperatorContext): void | Promise<void> {
    this.operatorId = context.operatorId
    this.environment = context.environment
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
    const given = this.keep('before', records, window, watermark)
    const whole = given.length === 0 ? undefined : this.wholeOf(given, window)
    // The function has its own copy: what goes behind it may go before its rows are out.
    const kept = given.length === 0 ? given : this.keep('after', given, window, watermark)
    if (kept.length < records.length) {
      this.evicted.add(records.length - kept.length)
      for (let index = 0; index < kept.length; index++) records[index] = kept[index] as WindowRecord
      records.length = kept.length
    }
    return given.length === 0 || this.inner.emit(key, window, whole, watermark, output, replaces)
  }

  isEmpty(accumulator: unknown): boolean {
    return (accumulator as readonly WindowRecord[]).length === 0
  }

  onRemoved(start: number, key: InternalKey, group: number): void {
    this.inner.onRemoved?.(start, key, group)
  }

  drain(output: Output): boolean {
    return this.inner.drain(output)
  }

  close(): void | Promise<void> {
    return this.inner.close()
  }

  private keep(
    when: 'before' | 'after',
    records: readonly WindowRecord[],
    window: Window,
    watermark: number,
  ): readonly WindowRecord[] {
    const choose = this.evictor[when]
    if (choose === undefined) return records
    const { clock } = this.environment
    try {
      const kept: unknown = choose.call(this.evictor, records, window, { watermark, processingTime: clock.now() })
      if (!Array.isArray(kept)) throw evictionInvalid(this.operatorId, this.evictor.kind)
      return kept
    } catch (thrown) {
      throw firingFailed(thrown, this.operatorId, window)
    }
  }

  private wholeOf(records: readonly WindowRecord[], window: Window): unknown {
    const { aggregate } = this.inner
    try {
      let whole = aggregate.create()
      for (const { value, timestamp } of records) whole = aggregate.add(whole, value, timestamp)
      return whole
    } catch (thrown) {
      throw firingFailed(thrown, this.operatorId, window)
    }
  }
}
