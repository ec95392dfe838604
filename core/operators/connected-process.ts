import type { Batch } from '../element.js'
import { type BroadcastDeclarations, BroadcastStates, type ReadOnlyBroadcastState } from '../state/broadcast-state.js'
import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { OperatorStateSnapshot } from '../state/operator-state.js'
import { KeyedWithBroadcast, WithBroadcast } from './connected-context.js'
import type { ConnectedProcess, KeyedConnectedProcess } from './connected-function.js'
import { KeyedProcessOperator } from './keyed-process.js'
import type { Operator, OperatorContext, Output } from './operator.js'
import { ProcessOperator } from './process.js'
import type { KeyedProcessContext, ProcessContext } from './process-function.js'
import type { SideOutputs } from './side-output.js'
import { UserCode } from './user-code.js'

/** The input that the broadcast elements come by; records come by input 0. */
export const BROADCAST_INPUT = 1

/** Records beside broadcast elements, which every subtask gets: these change the broadcast state, records read it. */
export function connectedProcessOperator<T, U, B extends BroadcastDeclarations, O extends SideOutputs, R, Q, C>(
  declared: B,
  definition: ConnectedProcess<T, U, B, O, R, Q, C>,
): Operator<T | U, R | Q> {
  const shared = new Shared<B, C>(declared, new UserCode(definition))
  let context: WithBroadcast<ReadOnlyBroadcastState<B>, O> | undefined
  const records = new ProcessOperator<T, O, R, undefined, NoState>(
    {
      ...sideOutputsOf(definition),
      process: (value, of) => {
        context ??= new WithBroadcast(of, shared.broadcast.state as ReadOnlyBroadcastState<B>)
        return definition.onRecord(value, context, shared.opened)
      },
    },
    'onRecord',
  )
  return new ConnectedOperator(shared, records, broadcastSide(shared, definition))
}

/** The same with keyed records, their state and timers. */
export function keyedConnectedProcessOperator<
  K extends Key,
  T,
  U,
  S extends StateDeclarations,
  B extends BroadcastDeclarations,
  O extends SideOutputs,
  R,
  Q,
  P,
  C,
>(declared: B, definition: KeyedConnectedProcess<K, T, U, S, B, O, R, Q, P, C>): Operator<T | U, R | Q | P> {
  const shared = new Shared<B, C>(declared, new UserCode(definition))
  let context: KeyedWithBroadcast<K, S, ReadOnlyBroadcastState<B>, O> | undefined
  const contextOf = (of: KeyedProcessContext<K, S, O>) => {
    context ??= new KeyedWithBroadcast(of, shared.broadcast.state as ReadOnlyBroadcastState<B>)
    return context
  }
  const records = new KeyedProcessOperator<K, T, S, O, R, P, undefined>(
    {
      ...(definition.state && { state: definition.state }),
      ...sideOutputsOf(definition),
      onTimer: (timer, of) => definition.onTimer?.(timer, contextOf(of), shared.opened),
    },
    [{ name: 'onRecord', call: (value, of) => definition.onRecord(value, contextOf(of), shared.opened) }],
  )
  return new ConnectedOperator(shared, records, broadcastSide(shared, definition))
}

type NoState = Record<never, never>

/** What both sides of one subtask have in common. */
class Shared<B extends BroadcastDeclarations, C> {
  // Made by `open`, which comes before everything else.
  broadcast!: BroadcastStates<B>
  readonly #declared: B
  readonly #code: UserCode<C>

  constructor(declared: B, code: UserCode<C>) {
    this.#declared = declared
    this.#code = code
  }

  get opened(): C {
    return this.#code.opened
  }

  open(context: OperatorContext): void {
    const { operatorId } = context
    this.broadcast = new BroadcastStates(this.#declared, {
      operatorId,
      restored: (name, mode) => context.restoredOperatorState(name, mode),
      journal: context.guard?.journal,
    })
  }

  openUserCode(context: OperatorContext): void | Promise<void> {
    return this.#code.open(context)
  }

  close(): Promise<void> {
    return this.#code.close()
  }
}

function broadcastSide<U, B extends BroadcastDeclarations, O extends SideOutputs, Q, C>(
  shared: Shared<B, C>,
  definition: Pick<ConnectedProcess<never, U, B, O, unknown, Q, C>, 'sideOutputs' | 'onBroadcast'>,
): Operator<U, Q> {
  let context: WithBroadcast<BroadcastStates<B>['state'], O> | undefined
  return new ProcessOperator<U, O, Q, undefined, NoState>(
    {
      ...sideOutputsOf(definition),
      process: (value, of: ProcessContext<O>) => {
        context ??= new WithBroadcast(of, shared.broadcast.state)
        return definition.onBroadcast(value, context, shared.opened)
      },
    },
    'onBroadcast',
  )
}

function sideOutputsOf<O extends SideOutputs>({ sideOutputs }: { readonly sideOutputs?: O }) {
  return sideOutputs === undefined ? {} : { sideOutputs }
}

/**
 * Two operators as one: which of them gets a batch is known by its input. A batch is worked off before the next one
 * comes, so that the two never have rows to emit at the same time.
 */
class ConnectedOperator<T, U, B extends BroadcastDeclarations, R, Q, C> implements Operator<T | U, R | Q> {
  readonly #shared: Shared<B, C>
  readonly #records: Operator<T, R>
  readonly #broadcast: Operator<U, Q>
  #isFirst = false

  constructor(shared: Shared<B, C>, records: Operator<T, R>, broadcast: Operator<U, Q>) {
    this.#shared = shared
    this.#records = records
    this.#broadcast = broadcast
  }

  async open(context: OperatorContext): Promise<void> {
    this.#isFirst = context.subtask.index === 0
    this.#shared.open(context)
    await this.#broadcast.open?.(context)
    await this.#records.open?.(context)
    await this.#shared.openUserCode(context)
  }

  onRestored(): void {
    this.#records.onRestored?.()
  }

  process(batch: Batch<T | U>, from: number, output: Output<R | Q>, input: number): number {
    // The graph connects each input to the stream of its type.
    if (input !== BROADCAST_INPUT) return this.#records.process(batch as Batch<T>, from, output, input)
    const { broadcast } = this.#shared
    // Also while a generator that it returned is iterated.
    broadcast.isWritable = true
    try {
      return this.#broadcast.process(batch as Batch<U>, from, output, input)
    } finally {
      broadcast.isWritable = false
    }
  }

  onWatermark(watermark: number, output: Output<R | Q>): boolean {
    this.#broadcast.onWatermark?.(watermark, output)
    return this.#records.onWatermark?.(watermark, output) ?? true
  }

  onProcessingTime(now: number, output: Output<R | Q>): boolean {
    return this.#records.onProcessingTime?.(now, output) ?? true
  }

  /** All copies are the same: one is stored. */
  snapshotOperatorState(): readonly OperatorStateSnapshot[] {
    return this.#isFirst ? this.#shared.broadcast.snapshot() : []
  }

  async close(): Promise<void> {
    try {
      await this.#records.close?.()
    } finally {
      try {
        await this.#broadcast.close?.()
      } finally {
        await this.#shared.close()
      }
    }
  }
}
