import type { Batch } from '../../element.js'
import type { Key } from '../../state/key.js'
import type { Window } from '../../window/time-window.js'
import type { Trigger } from '../../window/trigger.js'
import type { WindowAssigner } from '../../window/window-spec.js'
import type { Operator, OperatorContext, Output } from '../operator.js'
import type { SideOutputs } from '../side-output.js'
import { admittingWindows, windowOperator } from '../window/index.js'
import { BothSides } from './both-sides.js'
import type { WindowJoinFunction } from './join-function.js'
import { JoinedContents } from './joined-contents.js'

export interface WindowJoinSpec<K extends Key, A, B, T, U, W extends Window, O extends SideOutputs, R, C> {
  readonly kind: 'join' | 'coGroup'
  readonly assigner: WindowAssigner<T | U, W>
  readonly trigger?: Trigger<T | U, W>
  readonly allowedLatenessMs: number
  readonly fn: WindowJoinFunction<K, A, B, W, O, R, C>
  /** The step has an error policy: a record that no window can take is given up alone. */
  readonly isGuarded: boolean
}

/**
 * Windows of two inputs (as in Flink: a union, then a window, then one side against the other).
 * @throws TidemarkError WINDOW_INVALID when the parts do not fit together.
 */
export function windowJoinOperator<K extends Key, A, B, T, U, W extends Window, O extends SideOutputs, R, C>(
  spec: WindowJoinSpec<K, A, B, T, U, W, O, R, C>,
): Operator<T | U, R> {
  const sides = new BothSides()
  const { kind, assigner, trigger, allowedLatenessMs, fn } = spec
  const windowsOf = spec.isGuarded ? admittingWindows : windowOperator
  const windows = windowsOf<T | U, W, unknown, unknown, R>({
    assigner,
    ...(trigger && { trigger }),
    allowedLatenessMs,
    contents: { kind: 'own', contents: new JoinedContents({ kind, fn, sides }) },
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
