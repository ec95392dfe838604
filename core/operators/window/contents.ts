import type { InternalKey } from '../../state/key.js'
import type { Aggregate } from '../../window/aggregate.js'
import type { TimeWindow, Window } from '../../window/time-window.js'
import type { OperatorContext, Output } from '../operator.js'

/** More than a record says of itself: it has to be known again when its turn comes, after a restore too. */
export interface WaitingForm {
  keep(value: unknown): unknown
  /** The record. From now on it is the one in hand. */
  take(kept: unknown): unknown
}

/** What a window keeps for a key, and how that becomes rows. Values and accumulators are opaque to the operators. */
export interface Contents {
  readonly aggregate: Aggregate<unknown, unknown, unknown>
  /** The side output of the record in hand when it is too late. Default: LATE_OUTPUT. */
  readonly lateOutput?: (() => string) | undefined
  /** What is kept of a record that waits for its turn. Absent: the record as it is. */
  readonly waiting?: WaitingForm | undefined
  open(context: OperatorContext): void | Promise<void>
  /**
   * Emits a window's rows; false when the output filled up: `drain` emits the rest. `replaces`: under which other windows
   * earlier rows of the same records went out. Absent: none.
   */
  emit(
    key: InternalKey,
    window: Window,
    accumulator: unknown,
    watermark: number,
    output: Output,
    replaces?: readonly TimeWindow[],
  ): boolean
  /** Whether a firing has left nothing of what was there. Absent: a firing changes nothing. */
  isEmpty?(accumulator: unknown): boolean
  /**
   * A window of a key is over, or that of all keys which starts there: its own state goes. Rows of it may still be left.
   * `slot`: the key's group, counted from the subtask's first.
   */
  onRemoved?(start: number, key: InternalKey, slot: number): void
  onDropped?(start: number): void
  /** True when nothing is left over from the last `emit`. */
  drain(output: Output): boolean
  close(): void | Promise<void>
}
