import type { Batch } from '../../element.js'
import type { Window } from '../../window/time-window.js'
import type { Trigger } from '../../window/trigger.js'
import type { WindowAssigner } from '../../window/window-spec.js'
import type { Operator, OperatorContext, Output } from '../operator.js'
import { type ProcessContents, windowOperator } from '../window/index.js'
import { type Both, BothSides } from './both-sides.js'
import { LATE_SIDES } from './late-sides.js'

export interface WindowJoinSpec<T, U, W extends Window, Row> {
  readonly assigner: WindowAssigner<T | U, W>
  readonly trigger?: Trigger<T | U, W>
  readonly allowedLatenessMs: number
  /** Of all records of one key and window. */
  readonly contents: ProcessContents<T | U, W, Row, Both<T, U>>
}

/**
 * Windows of two inputs (as in Flink: a union, then a window, then one side against the other).
 * @throws TidemarkError WINDOW_INVALID when the parts do not fit together.
 */
export function windowJoinOperator<T, U, W extends Window, Row>(
  spec: WindowJoinSpec<T, U, W, Row>,
): Operator<T | U, Row> {
  const sides = new BothSides()
  const contents = {
    ...spec.contents,
    keeps: sides,
    lateOutput: () => LATE_SIDES[sides.input === 0 ? 0 : 1],
  }
  // What is kept passes through the window operator unseen, from BothSides to the function that takes Both.
  const { assigner, trigger, allowedLatenessMs } = spec
  const windows = windowOperator({
    assigner,
    ...(trigger && { trigger }),
    allowedLatenessMs,
    contents: contents as unknown as ProcessContents<T | U, W, Row>,
  })
  return new TwoInputWindows(sides, windows)
}

class TwoInputWindows<In, Row> implements Operator<In, Row> {
  readonly #sides: BothSides
  readonly #windows: Operator<In, Row>

  constructor(sides: BothSides, windows: Operator<In, Row>) {
    this.#sides = sides
    this.#windows = windows
  }

  open(context: OperatorContext): void | Promise<void> {
    return this.#windows.open?.(context)
  }

  onRestored(): void {
    this.#windows.onRestored?.()
  }

  process(batch: Batch<In>, from: number, output: Output<Row>, input: number): number {
    this.#sides.input = input
    return this.#windows.process(batch, from, output, input)
  }

  onWatermark(watermark: number, output: Output<Row>): boolean {
    return this.#windows.onWatermark?.(watermark, output) ?? true
  }

  onProcessingTime(now: number, output: Output<Row>): boolean {
    return this.#windows.onProcessingTime?.(now, output) ?? true
  }

  close(): void | Promise<void> {
    return this.#windows.close?.()
  }
}
