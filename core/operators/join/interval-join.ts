import type { Batch } from '../../element.js'
import type { InternalKey, Key } from '../../state/key.js'
import { Emission } from '../emission.js'
import type { Emitted } from '../functions.js'
import type { CallGuard } from '../guard/call-guard.js'
import { withoutKeys } from '../missing-keys.js'
import type { Operator, OperatorContext, Output } from '../operator.js'
import { type SideEmitters, type SideOutputs, SidePorts } from '../side-output.js'
import { UserCode } from '../user-code.js'
import { recordOf, userError } from '../user-error.js'
import { GroupWatermarks } from '../window/group-watermarks.js'
import { type Interval, pieceOf, reversed } from './interval.js'
import { joinTimestampMissing } from './join-error.js'
import type { IntervalJoinContext, IntervalJoinFunction } from './join-function.js'
import { LateSides } from './late-sides.js'
import { PairContext } from './pair-context.js'
import { TimeBuffer } from './time-buffer.js'

const CALL = 'process'
/** A row that has not been looked at yet. */
const FRESH_ROW = Number.NaN

/** Every left record with every right one of its key within the interval, once: when the second of them comes. */
export function intervalJoinOperator<K extends Key, T, U, O extends SideOutputs, R, C>(
  interval: Interval,
  fn: IntervalJoinFunction<K, T, U, O, R, C>,
): Operator<T | U, R> {
  return new IntervalJoinOperator(interval, fn)
}

/** One of the two sides, as a record of it sees them. */
interface Side {
  /** Where its own records are. */
  readonly own: TimeBuffer
  readonly others: TimeBuffer
  /** Where the partners of a record of it lie. */
  readonly reach: Interval
}

interface Meeting<T, U> {
  readonly batch: Batch<T | U>
  readonly row: number
  readonly other: T | U
  readonly time: number
  readonly input: number
}

/**
 * 1. A record is late when its timestamp is before the watermark, and meets nothing then. Every other one meets all that
 *    were not late.
 * 2. A record is kept until the watermark has passed the last timestamp that it can meet: a partner may still come while
 *    the watermark stands there. (Flink drops it when the watermark arrives there, and loses that partner.)
 * 3. With an error policy a pair is a call by itself: both records stay, and meet all others.
 */
class IntervalJoinOperator<K extends Key, T, U, O extends SideOutputs, R, C> implements Operator<T | U, R> {
  readonly #interval: Interval
  readonly #call: (left: T, right: U, context: IntervalJoinContext<K, O>, opened: C) => Emitted<R>
  readonly #declared: SideOutputs
  readonly #code: UserCode<C>
  // Made by `open`, which comes before everything else.
  #operatorId = ''
  #firstGroup = 0
  #sides!: readonly [left: Side, right: Side]
  #watermarks!: GroupWatermarks
  #late!: LateSides
  #ports!: SidePorts
  #emission!: Emission<R>
  #context!: PairContext<K, O>
  #guard: CallGuard | undefined
  /** Of the row in hand: the piece of the other side that is being looked through, and the next record in it. */
  #piece = FRESH_ROW
  #next = 0

  constructor(interval: Interval, fn: IntervalJoinFunction<K, T, U, O, R, C>) {
    const isFunction = typeof fn === 'function'
    this.#interval = interval
    this.#call = isFunction ? fn : fn.process.bind(fn)
    this.#declared = isFunction ? {} : (fn.sideOutputs ?? {})
    this.#code = new UserCode(isFunction ? undefined : fn)
  }

  open(context: OperatorContext): void | Promise<void> {
    const { lowerMs, upperMs } = this.#interval
    this.#operatorId = context.operatorId
    this.#guard = context.guard
    this.#firstGroup = context.keyGroups.first
    this.#watermarks = new GroupWatermarks(context)
    this.#late = new LateSides(context)
    this.#ports = new SidePorts(this.#declared, context)
    this.#emission = new Emission(context.operatorId, CALL)
    // The emitters were made from these declarations, name by name.
    this.#context = new PairContext<K, O>(this.#ports.emitters as SideEmitters<O>)
    const kept = { layout: `interval(${lowerMs}ms, ${upperMs}ms)`, pieceMs: pieceOf(this.#interval) }
    const left = new TimeBuffer({ side: 'left', ...kept }, context)
    const right = new TimeBuffer({ side: 'right', ...kept }, context)
    this.#sides = [
      { own: left, others: right, reach: this.#interval },
      { own: right, others: left, reach: reversed(this.#interval) },
    ]
    return this.#code.open(context)
  }

  onRestored(): void {
    for (const { own } of this.#sides) own.onRestored()
  }

  process(batch: Batch<T | U>, from: number, output: Output<R>, input: number): number {
    const { keys, groups, length } = batch
    if (keys === undefined || groups === undefined) throw withoutKeys(this.#operatorId)
    this.#ports.output = output
    this.#emission.beginBatch(batch.origin)
    output.origin = batch.origin?.scattered()
    try {
      for (let row = from; row < length; row++) {
        const group = groups[row]! - this.#firstGroup
        if (Number.isNaN(this.#piece)) {
          if (output.full) return row
          if (!this.#begin(batch, row, group, output, input)) continue
        }
        if (!this.#meetAll(batch, row, group, output, input)) return row
        this.#piece = FRESH_ROW
      }
      return length
    } finally {
      this.#ports.output = undefined
      output.origin = undefined
    }
  }

  onWatermark(watermark: number): boolean {
    if (watermark <= this.#watermarks.current) return true
    this.#watermarks.advance(watermark)
    this.#watermarks.settle()
    for (const { own, reach } of this.#sides) own.dropBefore(watermark - reach.upperMs)
    return true
  }

  async close(): Promise<void> {
    try {
      this.#emission?.abandon()
    } finally {
      await this.#code.close()
    }
  }

  /** Keeps the record for those that come after it. False: it is late, or cannot be joined. */
  #begin(batch: Batch<T | U>, row: number, group: number, output: Output<R>, input: number): boolean {
    const timestamp = batch.timestamps[row]!
    if (!Number.isFinite(timestamp)) {
      const error = userError(joinTimestampMissing(this.#operatorId, timestamp), this.#where(batch, row))
      if (this.#guard === undefined) throw error
      const { origin, values } = batch
      this.#guard.giveUp(error, { value: values[row], timestamp, origin, position: row })
      return false
    }
    const watermark = this.#watermarks.of(group)
    const value = batch.values[row] as T | U
    if (timestamp < watermark) {
      this.#late.add(input, value, timestamp, output)
      return false
    }
    const { own, others, reach } = this.#sides[input]!
    // Keys are there: `process` has looked.
    const key = batch.keys![row] as InternalKey
    if (timestamp + reach.upperMs >= watermark) own.add(group, key, value, timestamp)
    const context = this.#context
    context.internalKey = key
    context.watermark = watermark
    if (input === 0) context.leftTimestamp = timestamp
    else context.rightTimestamp = timestamp
    this.#piece = others.pieceAt(timestamp + reach.lowerMs)
    this.#next = 0
    return true
  }

  /** False: the output is full, and the row goes on where it is. */
  #meetAll(batch: Batch<T | U>, row: number, group: number, output: Output<R>, input: number): boolean {
    const { others, reach } = this.#sides[input]!
    const timestamp = batch.timestamps[row]!
    const first = timestamp + reach.lowerMs
    const last = timestamp + reach.upperMs
    if (this.#emission.active && !this.#emission.drain(output, this.#context.timestamp, row)) return false
    while (this.#piece <= last) {
      const held = others.heldAt(this.#piece, group, batch.keys![row] as InternalKey)
      while (held !== undefined && this.#next < held.times.length) {
        const time = held.times[this.#next]!
        if (time >= first && time <= last) {
          if (output.full) return false
          const other = held.values[this.#next] as T | U
          this.#next++
          if (this.#guard !== undefined) this.#meetGuarded(this.#guard, { batch, row, other, time, input })
          else if (!this.#meet(batch, row, other, time, output, input)) return false
        } else this.#next++
      }
      this.#piece = others.nextPiece(this.#piece)
      this.#next = 0
    }
    return true
  }

  #meet(batch: Batch<T | U>, row: number, other: T | U, time: number, output: Output<R>, input: number): boolean {
    const context = this.#context
    const value = batch.values[row] as T | U
    let result: Emitted<R>
    if (input === 0) context.rightTimestamp = time
    else context.leftTimestamp = time
    const { timestamp } = context
    this.#ports.timestamp = timestamp
    try {
      // The graph connects each input to the stream of its type.
      result =
        input === 0
          ? this.#call(value as T, other as U, context, this.#code.opened)
          : this.#call(other as T, value as U, context, this.#code.opened)
    } catch (thrown) {
      throw userError(thrown, this.#where(batch, row))
    }
    if (result === undefined) return true
    this.#emission.start(result, row, timestamp)
    return this.#emission.drain(output, timestamp, row)
  }

  /** All of it at once: its rows go on when it has succeeded. */
  #meetGuarded(guard: CallGuard, { batch, row, other, time, input }: Meeting<T, U>): void {
    const { output } = this.#ports
    const { captured } = guard
    this.#ports.output = captured
    guard.run(
      () => {
        this.#emission.abandon()
        this.#meet(batch, row, other, time, captured as Output<R>, input)
      },
      () => {
        const value = batch.values[row]
        const [left, right] = input === 0 ? [value, other] : [other, value]
        const { key, timestamp } = this.#context
        return { value: { key, left, right }, timestamp, origin: batch.origin, position: row, isRecord: false }
      },
    )
    this.#emission.abandon()
    this.#ports.output = output
  }

  #where(batch: Batch, row: number) {
    return { operatorId: this.#operatorId, call: CALL, ...recordOf(batch, row) }
  }
}
