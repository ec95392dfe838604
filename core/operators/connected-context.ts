import type { StateDeclarations, StateHandles } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { KeyedProcessContext, KeyTimers, ProcessContext } from './process-function.js'
import type { SideEmitters, SideOutputs } from './side-output.js'

/** A context with broadcast state beside what it has: one object for all calls, as the context itself is. */
export class WithBroadcast<B, O extends SideOutputs> implements ProcessContext<O> {
  readonly broadcast: B
  readonly sideOutputs: SideEmitters<O>
  readonly #context: ProcessContext<O>

  constructor(context: ProcessContext<O>, broadcast: B) {
    this.#context = context
    this.broadcast = broadcast
    this.sideOutputs = context.sideOutputs
  }

  get timestamp(): number {
    return this.#context.timestamp
  }

  get watermark(): number {
    return this.#context.watermark
  }

  get processingTime(): number {
    return this.#context.processingTime
  }
}

export class KeyedWithBroadcast<K extends Key, S extends StateDeclarations, B, O extends SideOutputs>
  extends WithBroadcast<B, O>
  implements KeyedProcessContext<K, S, O>
{
  readonly state: StateHandles<S>
  readonly timers: KeyTimers
  readonly #keyed: KeyedProcessContext<K, S, O>

  constructor(context: KeyedProcessContext<K, S, O>, broadcast: B) {
    super(context, broadcast)
    this.#keyed = context
    this.state = context.state
    this.timers = context.timers
  }

  get key(): K {
    return this.#keyed.key
  }
}
