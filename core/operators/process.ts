import { type Batch, MIN_WATERMARK } from '../element.js'
import type { Clock } from '../environment.js'
import {
  OperatorLists,
  type OperatorStateDeclarations,
  type OperatorStateHandles,
} from '../state/operator-list-state.js'
import type { OperatorStateSnapshot } from '../state/operator-state.js'
import { Emission } from './emission.js'
import type { Emitted } from './functions.js'
import type { Operator, OperatorContext, Output } from './operator.js'
import type { OperatorStateContext, ProcessFunction } from './process-function.js'
import { type SideEmitters, type SideOutputs, SidePorts } from './side-output.js'
import { UserCode } from './user-code.js'
import { recordOf, userError } from './user-error.js'

/** A function that sees timestamp and watermark, may write to side outputs, and has state of its subtask. */
export function processOperator<T, O extends SideOutputs, R, C, L extends OperatorStateDeclarations>(
  definition: ProcessFunction<T, O, R, C, L>,
): Operator<T, R> {
  return new ProcessOperator(definition, 'process')
}

export class ProcessOperator<T, O extends SideOutputs, R, C, L extends OperatorStateDeclarations>
  implements Operator<T, R>
{
  readonly #process: (value: T, context: OperatorStateContext<O, L>, opened: C) => Emitted<R>
  /** What errors call the function. */
  readonly #name: string
  readonly #declaredState: L
  readonly #declared: SideOutputs
  readonly #code: UserCode<C>
  // Made by `open`, which comes before everything else.
  #context!: MutableContext<O, L>
  #lists!: OperatorLists<L>
  #ports!: SidePorts
  #emission!: Emission<R>
  #operatorId = ''

  constructor(definition: ProcessFunction<T, O, R, C, L>, name: string) {
    this.#name = name
    const isFunction = typeof definition === 'function'
    this.#process = isFunction ? definition : definition.process.bind(definition)
    this.#declared = isFunction ? {} : (definition.sideOutputs ?? {})
    // Nothing declared: L is then empty.
    this.#declaredState = (isFunction ? undefined : definition.operatorState) ?? ({} as L)
    this.#code = new UserCode(isFunction ? undefined : definition)
  }

  open(context: OperatorContext): void | Promise<void> {
    this.#operatorId = context.operatorId
    this.#emission = new Emission(context.operatorId, this.#name)
    this.#ports = new SidePorts(this.#declared, context)
    const { subtask, restoredWatermarks } = context
    this.#lists = new OperatorLists(this.#declaredState, {
      subtask,
      restored: (name, mode) => context.restoredOperatorState(name, mode),
      journal: context.guard?.journal,
    })
    this.#context = new MutableContext({
      // The emitters were made from these declarations, name by name.
      sideOutputs: this.#ports.emitters as SideEmitters<O>,
      operatorState: this.#lists.handles,
      watermark: restoredWatermarks.minimum,
      clock: context.environment.clock,
    })
    return this.#code.open(context)
  }

  process(batch: Batch<T>, from: number, output: Output<R>): number {
    const { timestamps, length } = batch
    const emission = this.#emission
    const ports = this.#ports
    ports.output = output
    emission.beginBatch(batch.origin)
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

  snapshotOperatorState(): readonly OperatorStateSnapshot[] {
    return this.#lists.snapshot()
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
      throw userError(thrown, { operatorId: this.#operatorId, call: this.#name, ...recordOf(batch, position) })
    }
  }
}

type ContextParts<O extends SideOutputs, L extends OperatorStateDeclarations> = Pick<
  OperatorStateContext<O, L>,
  'sideOutputs' | 'operatorState' | 'watermark'
> & { readonly clock: Clock }

/** One object for all calls: nothing is allocated a record. */
class MutableContext<O extends SideOutputs, L extends OperatorStateDeclarations> implements OperatorStateContext<O, L> {
  timestamp = 0
  watermark: number
  readonly sideOutputs: SideEmitters<O>
  readonly operatorState: OperatorStateHandles<L>
  readonly #clock: Clock

  constructor({ sideOutputs, operatorState, watermark, clock }: ContextParts<O, L>) {
    this.sideOutputs = sideOutputs
    this.operatorState = operatorState
    this.watermark = Math.max(watermark, MIN_WATERMARK)
    this.#clock = clock
  }

  get processingTime(): number {
    return this.#clock.now()
  }
}
