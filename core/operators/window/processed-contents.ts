import type { FunctionContext } from '../../context.js'
import type { Environment } from '../../environment.js'
import type { InternalKey } from '../../state/key.js'
import { fromInternalKey } from '../../state/key-codec.js'
import type { Aggregate } from '../../window/aggregate.js'
import { maxTimestampOf, type TimeWindow, type Window } from '../../window/time-window.js'
import type { OperatorContext, Output } from '../operator.js'
import { isAsynchronous, notIterable, returnedPromise } from '../user-error.js'
import type { Contents } from './contents.js'
import { firingFailed } from './invalid-input.js'
import { NOTHING_REPLACED } from './replaced.js'
import type { ProcessContents, WindowFunctionContext } from './spec.js'

/** The values themselves. The list is the window's own; nobody else may hold it. */
const VALUES: Aggregate<unknown, unknown[], unknown[]> = {
  kind: 'values',
  create: () => [],
  add(values, value) {
    values.push(value)
    return values
  },
  merge(left, right) {
    for (let index = 0; index < right.length; index++) left.push(right[index])
    return left
  },
  result: (values) => values,
}

/** Gives all values of a window to the user's function, and iterates what it returns as there is room. */
export class ProcessedContents implements Contents {
  readonly aggregate: Aggregate<unknown, unknown, unknown>
  readonly lateOutput: (() => string) | undefined
  private readonly contents: ProcessContents<unknown, Window, unknown>
  private functionContext: CallContext | undefined
  private rows: Iterator<unknown> | undefined
  private window: Window | undefined
  private timestamp = 0

  constructor(contents: ProcessContents<unknown, Window, unknown>) {
    this.contents = contents
    // The accumulators that come back are those that it made.
    this.aggregate = (contents.keeps ?? VALUES) as Aggregate<unknown, unknown, unknown>
    this.lateOutput = contents.lateOutput
  }

  open(context: OperatorContext): void | Promise<void> {
    this.functionContext = new CallContext(context)
    return context.declaresOnly ? undefined : this.contents.open?.(context)
  }

  emit(
    key: InternalKey,
    window: Window,
    values: unknown,
    watermark: number,
    output: Output,
    replaces: readonly TimeWindow[] = NOTHING_REPLACED,
  ): boolean {
    const context = this.functionContext as CallContext
    this.timestamp = maxTimestampOf(window)
    context.begin(watermark, this.timestamp, replaces, output)
    this.window = window
    try {
      this.rows = this.iterate(this.contents.process(fromInternalKey(key), window, values as unknown[], context))
    } catch (thrown) {
      throw firingFailed(thrown, context.operatorId, window)
    }
    return this.drain(output)
  }

  drain(output: Output): boolean {
    if (this.rows === undefined) return true
    this.functionContext?.resume(output)
    try {
      while (!output.full) {
        const next = this.rows.next()
        if (next.done) {
          this.rows = undefined
          return true
        }
        output.emit(next.value, this.timestamp)
      }
      return false
    } catch (thrown) {
      // It threw: it has ended, and must not be asked to return.
      this.rows = undefined
      throw firingFailed(thrown, this.functionContext?.operatorId ?? '', this.window as Window)
    }
  }

  private iterate(rows: unknown): Iterator<unknown> {
    const where = { operatorId: this.functionContext?.operatorId ?? '', call: 'process' }
    if (isAsynchronous(rows)) throw returnedPromise(rows, where)
    const iterable = rows as Partial<Iterable<unknown>> | null | undefined
    const iterator = iterable?.[Symbol.iterator]
    if (typeof iterator !== 'function') throw notIterable(rows, where)
    return iterator.call(iterable as Iterable<unknown>)
  }

  close(): void | Promise<void> {
    this.rows?.return?.()
    this.rows = undefined
    return this.contents.close?.()
  }
}

/** One object for all calls: it says what is true during the current one. */
class CallContext implements WindowFunctionContext {
  readonly operatorId: string
  readonly subtask: FunctionContext['subtask']
  readonly logger: FunctionContext['logger']
  readonly metrics: FunctionContext['metrics']
  readonly parameters: FunctionContext['parameters']
  readonly signal: AbortSignal
  watermark = Number.NEGATIVE_INFINITY
  replaces = NOTHING_REPLACED
  private readonly environment: Environment
  private readonly portOf: (sideOutput: string) => number
  private timestamp = 0
  private output: Output | undefined

  constructor(context: OperatorContext) {
    this.operatorId = context.operatorId
    this.subtask = context.subtask
    this.logger = context.logger
    this.metrics = context.metrics
    this.parameters = context.parameters
    this.signal = context.signal
    this.environment = context.environment
    this.portOf = (sideOutput) => context.portOf(sideOutput)
  }

  get processingTime(): number {
    return this.environment.clock.now()
  }

  begin(watermark: number, timestamp: number, replaces: readonly TimeWindow[], output: Output): void {
    this.watermark = watermark
    this.replaces = replaces
    this.timestamp = timestamp
    this.output = output
  }

  resume(output: Output): void {
    this.output = output
  }

  emitTo(sideOutput: string, value: unknown): void {
    const port = this.portOf(sideOutput)
    if (port !== 0) this.output?.emitTo(port, value, this.timestamp)
  }
}
