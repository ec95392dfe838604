import type { InternalKey } from '../../state/key.js'
import { fromInternalKey } from '../../state/key-codec.js'
import type { Aggregate } from '../../window/aggregate.js'
import { maxTimestampOf, type TimeWindow, type Window } from '../../window/time-window.js'
import type { CallGuard } from '../guard/call-guard.js'
import type { OperatorContext, Output } from '../operator.js'
import type { Contents } from './contents.js'
import { firingFailed } from './invalid-input.js'
import { NOTHING_REPLACED } from './replaced.js'
import type { AggregateContents } from './spec.js'

/** One row a key and window: the aggregate's result in the shape that the step wants. */
export class AggregatedContents implements Contents {
  readonly aggregate: Aggregate<unknown, unknown, unknown>
  private readonly shape: AggregateContents<unknown, Window, unknown, unknown, unknown>['shape']
  private operatorId = ''
  private guard: CallGuard | undefined

  constructor(contents: AggregateContents<unknown, Window, unknown, unknown, unknown>) {
    this.aggregate = contents.aggregate
    this.shape = contents.shape
  }

  open(context: OperatorContext): void {
    this.operatorId = context.operatorId
    this.guard = context.guard
  }

  emit(
    key: InternalKey,
    window: Window,
    accumulator: unknown,
    _watermark: number,
    output: Output,
    replaces: readonly TimeWindow[] = NOTHING_REPLACED,
  ): boolean {
    const timestamp = maxTimestampOf(window)
    const { guard } = this
    if (guard === undefined) output.emit(this.rowOf(key, window, accumulator, replaces), timestamp)
    else {
      guard.run(
        () => guard.captured.emit(this.rowOf(key, window, accumulator, replaces), timestamp),
        () => ({ value: { key: fromInternalKey(key), window }, timestamp }),
      )
    }
    return true
  }

  drain(): boolean {
    return true
  }

  close(): void {}

  private rowOf(key: InternalKey, window: Window, accumulator: unknown, replaces: readonly TimeWindow[]): unknown {
    try {
      return this.shape(fromInternalKey(key), window, this.aggregate.result(accumulator), replaces)
    } catch (thrown) {
      throw firingFailed(thrown, this.operatorId, window)
    }
  }
}
