import type { Batch } from '../../element.js'
import type { InternalKey } from '../../state/key.js'
import type { Leaf } from '../../state/leaf.js'
import type { CountedSpec } from '../../window/window-spec.js'
import type { Operator, OperatorContext, Output } from '../operator.js'
import type { Contents } from './contents.js'
import { boundsOf, CountedStore, type KeptWindow, type Slice } from './counted-store.js'
import { DroppedRecords } from './dropped-records.js'
import { GroupWatermarks } from './group-watermarks.js'
import { keysMissing, rowFailed } from './invalid-input.js'
import { copyOf, mergeOwned } from './owned-merge.js'

export interface CountedWindowOptions {
  readonly assigner: string
  readonly spec: CountedSpec
  readonly contents: Contents
}

/**
 * Windows of a number of records of a key, in the order in which they come.
 *
 * 1. Where windows overlap, records are added to slices of gcd(size, slide) of them: each is added once, and every window is
 *    a run of whole slices. Windows that do not overlap are one slice each.
 * 2. Between two windows of a slide larger than the size there are records that no window takes. They are counted.
 * 3. A window that is not complete fires when the input ends, if a record came since the last one.
 */
export class CountedWindowOperator implements Operator {
  private readonly options: CountedWindowOptions
  private readonly contents: Contents
  private readonly perSlice: number
  private readonly gap: number
  /** Slices of a window that are in the next one too. */
  private readonly shared: number
  private context!: OperatorContext
  private store!: CountedStore
  private watermarks!: GroupWatermarks
  private dropped!: DroppedRecords
  private firstGroup = 0
  /** The row in hand is added, and what it fired is not all out. */
  private isBegun = false
  /** The group whose rests are being emitted at the end of the input. */
  private group = 0
  private rests: Iterator<Leaf> | undefined

  constructor(options: CountedWindowOptions) {
    const { size, slide } = options.spec
    this.options = options
    this.contents = options.contents
    this.perSlice = slide < size ? greatestCommonDivisor(size, slide) : size
    this.gap = Math.max(0, slide - size)
    this.shared = Math.max(0, size - slide) / this.perSlice
  }

  open(context: OperatorContext): void | Promise<void> {
    const { operatorId, keyGroups, keyedState } = context
    this.context = context
    this.firstGroup = keyGroups.first
    this.watermarks = new GroupWatermarks(context)
    this.dropped = new DroppedRecords(context)
    const { assigner } = this.options
    this.store = new CountedStore({ assigner, operatorId, keyGroups, gap: this.gap }, keyedState)
    return this.contents.open(context)
  }

  process(batch: Batch, from: number, output: Output): number {
    const { values, timestamps, keys, groups } = batch
    if (keys === undefined || groups === undefined) throw keysMissing(this.context.operatorId)
    let row = from
    try {
      for (; row < values.length; row++) {
        const group = (groups[row] as number) - this.firstGroup
        if (this.isBegun) {
          if (!this.contents.drain(output)) return row
          this.isBegun = false
          continue
        }
        if (output.full) return row
        if (!this.add(values[row], timestamps[row] as number, keys[row] as InternalKey, group, output)) {
          this.isBegun = true
          return row
        }
      }
    } catch (thrown) {
      throw rowFailed(thrown, this.context.operatorId, { batch, position: row })
    }
    return row
  }

  onWatermark(watermark: number, output: Output): boolean {
    this.watermarks.advance(watermark)
    if (watermark === Number.POSITIVE_INFINITY && !this.fireRests(output)) return false
    this.watermarks.settle()
    return true
  }

  close(): void | Promise<void> {
    return this.contents.close()
  }

  /** False: the output filled up while the window's rows were emitted. */
  private add(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    const { store, perSlice } = this
    const { aggregate } = this.contents
    const kept = store.toChange(group, key)
    const passed = kept.passed++
    if (passed < this.gap) {
      this.dropped.addOutside()
      return true
    }
    // A window fires with its last slice complete.
    if ((passed - this.gap) % perSlice === 0) {
      kept.slices.push({ accumulator: aggregate.create(), oldest: timestamp, newest: timestamp })
    }
    const slice = kept.slices.at(-1) as Slice
    slice.accumulator = aggregate.add(slice.accumulator, value, timestamp)
    if (timestamp < slice.oldest) slice.oldest = timestamp
    if (timestamp > slice.newest) slice.newest = timestamp
    return kept.passed < this.options.spec.slide || this.fire(kept, group, key, output)
  }

  /** A complete window, or at the beginning one that has as many records as there are. */
  private fire(kept: KeptWindow, group: number, key: InternalKey, output: Output): boolean {
    const { contents, shared } = this
    const window = boundsOf(kept.slices)
    const whole = this.wholeOf(kept.slices)
    kept.passed = 0
    kept.slices.splice(0, kept.slices.length - shared)
    if (kept.slices.length === 0) this.store.remove(group, key)
    return contents.emit(key, window, whole, this.watermarks.of(group), output)
  }

  /** Where windows do not overlap: the slice itself, which no other window has. */
  private wholeOf(slices: readonly Slice[]): unknown {
    const { aggregate } = this.contents
    const [first, ...others] = slices as readonly [Slice, ...Slice[]]
    if (this.shared === 0) return first.accumulator
    let whole = copyOf(aggregate, first.accumulator)
    for (const { accumulator } of others) whole = mergeOwned(aggregate, whole, accumulator)
    return whole
  }

  /** True when everything is out. What is left is then gone. */
  private fireRests(output: Output): boolean {
    if (!this.contents.drain(output)) return false
    const { store, watermarks } = this
    for (; this.group < store.groupCount; this.group++) {
      this.rests ??= store.leavesOf(this.group)
      for (;;) {
        if (output.full) return false
        const { value: leaf, done } = this.rests.next()
        if (done === true) break
        const kept = store.windowIn(leaf)
        // What the last window had too is no rest.
        if (kept.passed <= this.gap) continue
        if (!this.options.spec.emitsRest) {
          this.dropped.addOutside(kept.passed - this.gap)
          continue
        }
        const whole = this.wholeOf(kept.slices)
        const window = boundsOf(kept.slices)
        if (!this.contents.emit(leaf.key, window, whole, watermarks.of(this.group), output)) return false
      }
      this.rests = undefined
      store.drop(this.group)
    }
    return true
  }
}

function greatestCommonDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestCommonDivisor(right, left % right)
}
