import type { Counter } from '../../context.js'
import type { OperatorContext, Output } from '../operator.js'

/** The side output of records that came too late for any window. */
export const LATE_OUTPUT = 'late'

/** Records that no window took: counted by cause; the late ones also go to the side output. */
export class DroppedRecords {
  private readonly late: Counter
  private readonly outside: Counter
  private readonly portOf: () => number

  /** @param lateOutput names the side output of the record in hand, where there are several */
  constructor(context: OperatorContext, lateOutput?: () => string) {
    this.late = context.metrics.counter('lateRecords')
    this.outside = context.metrics.counter('recordsInNoWindow')
    const port = context.portOf(LATE_OUTPUT)
    this.portOf = lateOutput === undefined ? () => port : () => context.portOf(lateOutput())
  }

  addLate(value: unknown, timestamp: number, output: Output): void {
    this.late.add(1)
    const port = this.portOf()
    if (port !== 0) output.emitTo(port, value, timestamp)
  }

  /** They fell into the gap between two windows, or were the rest of an incomplete one that nobody wants. */
  addOutside(count = 1): void {
    this.outside.add(count)
  }
}
