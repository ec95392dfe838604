import { type Batch, MIN_WATERMARK } from '../element.js'
import { Emission } from './emission.js'
import type { Emitted } from './functions.js'
import type { Operator, OperatorContext, Output } from './operator.js'
import type { ProcessContext, ProcessFunction } from './process-function.js'
import { type SideEmitters, type SideOutputs, SidePorts } from './side-output.js'
import { UserCode } from './user-code.js'
import { recordOf, userError } from './user-error.js'

/** A function that sees timestamp and watermark and may write to side outputs. No key, so no state. */
export function processOperator<T, O extends SideOutputs, R, C>(
  definition: ProcessFunction<T, O, R, C>,
): Operator<T, R> {
  return new ProcessOperator(definition)
}

class ProcessOperator<T, O extends SideOutputs, R, C> implements Operator<T, R> {
  readonly #process: (value: T, context: ProcessContext<O>, opened: C) => Emitted<R>
  readonly #declared: SideOutputs
  readonly #code: UserCode<C>
  // Made by `open`, which comes before everything else.
  #context!: MutableContext<O>
  #ports!: SidePorts
  #emission!: Emission<R>
  #operatorId = ''

  constructor(definition: ProcessFunction<T, O, R, C>) {
    const isFunction = typeof definition === 'function'
    this.#process = isFunction ? definition : definition.process.bind(definition)
    this.#declared = isFunction ? {} : (definition.sideOutputs ?? {})
    this.#code = new UserCode(isFunction ? undefined : definition)
  }

  open(context: OperatorContext): void | Promise<void> {
    this.#operatorId = context.operatorId
    this.#emission = new Emission(context.operatorId, 'process')
    this.#ports = new SidePorts(this.#declared, context)
    // The emitters were made from these declarations, name by name.
    this.#context = new MutableContext(this.#ports.emitters as SideEmitters<O>, context.restoredWatermarks.minimum)
    return this.#code.open(context)
  }

  process(batch: Batch<T>, from: number, output: Output<R>): number {
    const { timestamps, length } = batch
    const emission = this.#emission
    const ports = this.#ports
    ports.output = output
    emission.origin = batch.origin
    output.origin = batch.origin?.scattered()
    try {
      for (let i = from; i < length; i++) {
        const timestamp = timestamps[i]!
        if (!emission.active) {
          if (output.full) return i
          this.#context.timestamp = timestamp
          ports.timestamp = timestamp
          const result = this.#call(batch, i)
          if (result === undefined) continue
          emission.start(result, i, timestamp)
        }
        if (!emission.drain(output, timestamp, i)) return i
      }
      return length
    } finally {
      ports.output = undefined
      output.origin = undefined
    }
  }

  onWatermark(watermark: number): boolean {
    this.#context.watermark = watermark
    return true
  }

  async close(): Promise<void> {
    try {
      this.#emission?.abandon()
    } finally {
      await this.#code.close()
    }
  }

  #call(batch: Batch<T>, position: number): Emitted<R> {
    try {
      return this.#process(batch.values[position] as T, this.#context, this.#code.opened)
    } catch (thrown) {
      throw userError(thrown, { operatorId: this.#operatorId, call: 'process', ...recordOf(batch, position) })
    }
  }
}

/** One object for all calls: nothing is allocated a record. */
class MutableContext<O extends SideOutputs> implements ProcessContext<O> {
  timestamp = 0
  watermark: number
  readonly sideOutputs: SideEmitters<O>

  constructor(sideOutputs: SideEmitters<O>, watermark: number) {
    this.sideOutputs = sideOutputs
    this.watermark = Math.max(watermark, MIN_WATERMARK)
  }
}
