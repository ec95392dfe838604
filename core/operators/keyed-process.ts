import { type Batch, NO_TIMESTAMP } from '../element.js'
import type { StateDeclarations } from '../state/declare.js'
import type { InternalKey, Key } from '../state/key.js'
import type { TimerQueue } from '../time/timer-queue.js'
import { KeyedTimers } from '../time/timers.js'
import { Emission } from './emission.js'
import type { Emitted } from './functions.js'
import type { CallGuard } from './guard/call-guard.js'
import type { WaitedCalls } from './guard/waited-calls.js'
import { KeyedCallContext } from './keyed-call-context.js'
import { withoutKeys } from './missing-keys.js'
import type { Operator, OperatorContext, Output } from './operator.js'
import type { FiredTimer, KeyedHooks, KeyedProcess, KeyedProcessContext } from './process-function.js'
import { type SideOutputs, SidePorts } from './side-output.js'
import { UserCode } from './user-code.js'
import { recordOf, userError } from './user-error.js'

/** A function with state, timers and side outputs, each of the record's key. */
export function keyedProcessOperator<K extends Key, T, S extends StateDeclarations, O extends SideOutputs, R, Q, C>(
  definition: KeyedProcess<K, T, S, O, R, Q, C>,
  calls?: WaitedCalls,
): Operator<T, R | Q> {
  return new KeyedProcessOperator(definition, [{ name: 'process', call: definition.process.bind(definition) }], calls)
}

/** Whose rows are being emitted. */
interface Place {
  readonly key: InternalKey
  readonly group: number
  readonly timestamp: number
}

/** What gets the records of one input, by the name that errors call it. */
export interface RecordFunction<K extends Key, in T, S extends StateDeclarations, O extends SideOutputs, out R, C> {
  readonly name: string
  readonly call: (value: T, context: KeyedProcessContext<K, S, O>, opened: C) => Emitted<R>
}

export class KeyedProcessOperator<K extends Key, T, S extends StateDeclarations, O extends SideOutputs, R, Q, C>
  implements Operator<T, R | Q>
{
  readonly #definition: KeyedHooks<K, S, O, Q, C>
  readonly #code: UserCode<C>
  /** By input. */
  readonly #functions: readonly RecordFunction<K, T, S, O, R, C>[]
  readonly #calls: WaitedCalls | undefined
  // Made by `open`, which comes before everything else.
  #engine!: OperatorContext
  #context!: KeyedCallContext<K, S, O>
  #timers!: KeyedTimers
  #ports!: SidePorts
  #emission!: Emission<R | Q>
  /** Of the rows that a call of the engine left behind: they found no more room, or one of them failed. */
  #left: Place | undefined

  constructor(
    definition: KeyedHooks<K, S, O, Q, C>,
    functions: readonly RecordFunction<K, T, S, O, R, C>[],
    calls?: WaitedCalls,
  ) {
    this.#functions = functions
    this.#calls = calls
    this.#definition = definition
    this.#code = new UserCode(definition)
  }

  open(context: OperatorContext): void | Promise<void> {
    this.#engine = context
    this.#calls?.open(context)
    this.#timers = new KeyedTimers(context.keyGroups)
    this.#emission = new Emission(context.operatorId, '')
    this.#ports = new SidePorts(this.#definition.sideOutputs ?? {}, context)
    this.#context = new KeyedCallContext(this.#definition.state, this.#ports, { engine: context, timers: this.#timers })
    context.keyedState.register(this.#timers)
    return this.#code.open(context)
  }

  onRestored(): void {
    this.#requestNext()
  }

  process(batch: Batch<T>, from: number, output: Output<R | Q>, input: number): number {
    const { timestamps, keys, groups, length } = batch
    if (keys === undefined || groups === undefined) throw withoutKeys(this.#engine.operatorId)
    // One for each input that the graph connects.
    const onRecord = this.#functions[input]!
    const emission = this.#emission
    const { keyedState } = this.#engine
    this.#ports.output = output
    emission.beginBatch(batch.origin)
    output.origin = batch.origin?.scattered()
    try {
      for (let i = from; i < length; i++) {
        const timestamp = timestamps[i]!
        const isGoingOn = emission.active
        if (!isGoingOn && output.full) return i
        keyedState.setCurrentKey(keys[i] as InternalKey, groups[i]!, timestamp)
        if (!isGoingOn) {
          this.#context.at(timestamp)
          const result = this.#processOne(onRecord, batch, i)
          if (result === undefined) continue
          emission.call = onRecord.name
          emission.start(result, i, timestamp)
        }
        if (!emission.drain(output, timestamp, i)) return i
      }
      return length
    } finally {
      this.#leave()
      output.origin = undefined
    }
  }

  onWatermark(watermark: number, output: Output<R | Q>): boolean {
    this.#context.advance(watermark)
    return this.#fire(this.#timers.event, watermark, output)
  }

  onProcessingTime(now: number, output: Output<R | Q>): boolean {
    if (!this.#fire(this.#timers.processing, now, output)) return false
    this.#requestNext()
    return true
  }

  async close(): Promise<void> {
    try {
      if (this.#left !== undefined) this.#abandon(this.#left)
    } finally {
      await this.#code.close()
    }
  }

  /** A call of the engine is over. */
  #leave(): void {
    const { keyedState } = this.#engine
    this.#left = this.#emission.active
      ? { key: keyedState.currentInternalKey, group: keyedState.currentGroup, timestamp: this.#context.timestamp }
      : undefined
    keyedState.clearCurrentKey()
    this.#ports.output = undefined
  }

  /** A generator's `finally` is part of its call: state is there. */
  #abandon({ key, group, timestamp }: Place): void {
    const { keyedState } = this.#engine
    keyedState.setCurrentKey(key, group, timestamp)
    try {
      this.#emission.abandon()
    } finally {
      keyedState.clearCurrentKey()
    }
  }

  /** Fires what is due, timers that the fired ones register too. Returns false when the output is full. */
  #fire(queue: TimerQueue, time: number, output: Output<R | Q>): boolean {
    const { keyedState, guard } = this.#engine
    this.#ports.output = output
    try {
      if (this.#left !== undefined) keyedState.setCurrentKey(this.#left.key, this.#left.group, this.#left.timestamp)
      for (;;) {
        if (this.#emission.active && !this.#emission.drain(output, this.#context.timestamp)) return false
        if (output.full) return false
        const due = queue.takeDue(time)
        if (due === undefined) return true
        const timer: FiredTimer = {
          time: queue === this.#timers.event ? 'event' : 'processing',
          timestamp: due.timestamp,
        }
        keyedState.setCurrentKey(due.key, due.group, rowTimestamp(timer))
        if (guard !== undefined) this.#startGuarded(timer, guard, output)
        else this.#start(timer)
      }
    } finally {
      this.#leave()
    }
  }

  /** All of it at once: its rows go on when it has succeeded. */
  #startGuarded(timer: FiredTimer, guard: CallGuard, output: Output<R | Q>): void {
    this.#ports.output = guard.captured
    const { time, timestamp } = timer
    guard.run(
      () => {
        this.#emission.abandon()
        this.#start(timer)
        this.#emission.drain(guard.captured, rowTimestamp(timer))
      },
      () => ({ value: { key: this.#context.key, timer: { time, timestamp } }, timestamp: rowTimestamp(timer) }),
    )
    this.#emission.abandon()
    this.#ports.output = output
  }

  #start(timer: FiredTimer): void {
    const timestamp = rowTimestamp(timer)
    this.#context.at(timestamp)
    let result: Emitted<Q>
    try {
      result = this.#definition.onTimer?.(timer, this.#context, this.#code.opened)
    } catch (thrown) {
      throw userError(thrown, { operatorId: this.#engine.operatorId, call: 'onTimer', timestamp: timer.timestamp })
    }
    if (result === undefined) return
    this.#emission.call = 'onTimer'
    this.#emission.start(result, undefined, timestamp)
  }

  #processOne({ name, call }: RecordFunction<K, T, S, O, R, C>, batch: Batch<T>, position: number): Emitted<R> {
    try {
      return call(batch.values[position] as T, this.#context, this.#code.opened)
    } catch (thrown) {
      throw userError(thrown, { operatorId: this.#engine.operatorId, call: name, ...recordOf(batch, position) })
    }
  }

  #requestNext(): void {
    const next = this.#timers.processing.nextTimestamp
    if (next !== undefined) this.#engine.requestProcessingTime(next)
  }
}

/** The wall clock is no event time, so rows of a processing-time timer have no timestamp. */
function rowTimestamp(timer: FiredTimer): number {
  return timer.time === 'event' ? timer.timestamp : NO_TIMESTAMP
}
