import type { Counter } from '../../context.js'
import type { OperatorContext, Output } from '../operator.js'

/** The side outputs of records that came too late, by input. */
export const LATE_SIDES = ['lateLeft', 'lateRight'] as const

/** Records of either side that came too late: counted, and given to the side output of their side. */
export class LateSides {
  private readonly counter: Counter
  private readonly ports: readonly number[]

  constructor(context: OperatorContext) {
    this.counter = context.metrics.counter('lateRecords')
    this.ports = LATE_SIDES.map((name) => context.portOf(name))
  }

  add(input: number, value: unknown, timestamp: number, output: Output): void {
    this.counter.add(1)
    const port = this.ports[input] as number
    // Port 0 is the main output: nobody reads this one.
    if (port > 0) output.emitTo(port, value, timestamp)
  }
}
