import { openStates, type StateDeclarations, type StateHandles } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { TimerQueue } from '../time/timer-queue.js'
import type { KeyedTimers } from '../time/timers.js'
import type { OperatorContext } from './operator.js'
import type { KeyedProcessContext, KeyTimers } from './process-function.js'
import type { SideEmitters, SideOutputs, SidePorts } from './side-output.js'

interface Parts {
  readonly engine: OperatorContext
  readonly timers: KeyedTimers
}

/** One object for all calls of one subtask: nothing is allocated a record. */
export class KeyedCallContext<K extends Key, S extends StateDeclarations, O extends SideOutputs>
  implements KeyedProcessContext<K, S, O>
{
  readonly state: StateHandles<S>
  readonly sideOutputs: SideEmitters<O>
  readonly timers: KeyTimers
  readonly #engine: OperatorContext
  readonly #ports: SidePorts
  #watermark: number
  timestamp = 0

  constructor(declarations: S | undefined, ports: SidePorts, { engine, timers }: Parts) {
    this.#engine = engine
    this.#ports = ports
    this.#watermark = engine.restoredWatermarks.minimum
    // Nothing declared has nothing to open: S is then empty.
    this.state = openStates(engine.keyedState, declarations ?? ({} as S))
    // The emitters were made from these declarations, name by name.
    this.sideOutputs = ports.emitters as SideEmitters<O>
    this.timers = new CurrentKeyTimers(engine, timers)
  }

  /** What a key group had seen before a restore it does not forget. */
  get watermark(): number {
    const { keyedState, restoredWatermarks } = this.#engine
    return Math.max(this.#watermark, restoredWatermarks.floorOf(keyedState.currentGroup))
  }

  get key(): K {
    // The key selector of this stream gave it.
    return this.#engine.keyedState.currentKey as K
  }

  get processingTime(): number {
    return this.#engine.environment.clock.now()
  }

  at(timestamp: number): void {
    this.timestamp = timestamp
    this.#ports.timestamp = timestamp
  }

  advance(watermark: number): void {
    this.#watermark = watermark
  }
}

class CurrentKeyTimers implements KeyTimers {
  readonly #engine: OperatorContext
  readonly #timers: KeyedTimers

  constructor(engine: OperatorContext, timers: KeyedTimers) {
    this.#engine = engine
    this.#timers = timers
  }

  registerEventTime(timestamp: number): void {
    this.#register(this.#timers.event, timestamp)
  }

  deleteEventTime(timestamp: number): void {
    this.#delete(this.#timers.event, timestamp)
  }

  registerProcessingTime(timestamp: number): void {
    this.#register(this.#timers.processing, timestamp)
    // Only the earliest request counts, so asking once more for what was asked for is harmless.
    this.#engine.requestProcessingTime(this.#timers.processing.nextTimestamp ?? timestamp)
  }

  deleteProcessingTime(timestamp: number): void {
    this.#delete(this.#timers.processing, timestamp)
  }

  #register(queue: TimerQueue, timestamp: number): void {
    const { keyedState, guard } = this.#engine
    const timer = { timestamp, key: keyedState.currentInternalKey, group: keyedState.currentGroup, namespace: '' }
    const isNew = queue.register(timer) !== undefined
    if (isNew && guard !== undefined) guard.journal.note(() => queue.delete(timer))
  }

  #delete(queue: TimerQueue, timestamp: number): void {
    const { keyedState, guard } = this.#engine
    const timer = { timestamp, key: keyedState.currentInternalKey, group: keyedState.currentGroup, namespace: '' }
    const wasThere = queue.delete(timer)
    if (wasThere && guard !== undefined) guard.journal.note(() => queue.register(timer))
  }
}
