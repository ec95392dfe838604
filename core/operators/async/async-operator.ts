import type { Batch } from '../../element.js'
import type { TidemarkError } from '../../errors.js'
import type { OperatorStateSnapshot } from '../../state/operator-state.js'
import { isOfRecord } from '../guard/failure.js'
import type { HeldElement, Operator, OperatorContext, Output } from '../operator.js'
import { UserCode } from '../user-code.js'
import { asyncTimeout, isAsynchronous, returnedPromise, userError, type Where } from '../user-error.js'
import type { AsyncContext, AsyncFunction } from './async-function.js'
import type { AsyncSettings } from './async-settings.js'
import { Calls } from './calls.js'
import { InFlight, type Input } from './in-flight.js'

/** Names of the states, part of the savepoint. An input is `[value, timestamp]`. */
const INPUTS = 'inputs'
const WATERMARKS = 'watermarks'

/** Inputs beyond the capacity that are taken while a barrier is awaited, at most. */
const MOST_WAITING = 65_536

/** Of one subtask; void for any other. */
interface StoredWatermarks {
  readonly subtask: number
  readonly parallelism: number
  readonly held: readonly (readonly [inputsBefore: number, watermark: number])[]
}

/** One value for each, that a function gives later. */
export function mapAsyncOperator<T, R, C>(
  definition: AsyncFunction<T, R, C>,
  settings: AsyncSettings<T, R>,
): Operator<T, R> {
  return new AsyncOperator(definition, settings)
}

/**
 * 1. Inputs whose result has not gone on are state. They are called for again after a restore, before any other.
 * 2. At most `capacity` inputs have been called for and not gone on. More wait here only after a restore, and while a
 *    barrier is awaited: no checkpoint waits for a service.
 * 3. An input has one result, or with an error policy one dead letter. What is called for again has no other one that has gone on.
 */
class AsyncOperator<T, R, C> implements Operator<T, R> {
  readonly #function: (value: T, context: AsyncContext, opened: C) => Promise<R>
  readonly #settings: AsyncSettings<T, R>
  readonly #code: UserCode<C>
  readonly #inFlight: InFlight<T, R>
  /** Not called for yet: the last ones of those in flight. */
  readonly #waiting = new Set<Input<T, R>>()
  // Made by `open`, which comes before everything else.
  #context!: OperatorContext
  #calls!: Calls<Input<T, R>>
  #failure: { readonly error: unknown } | undefined
  #isClosed = false

  constructor(definition: AsyncFunction<T, R, C>, settings: AsyncSettings<T, R>) {
    const isFunction = typeof definition === 'function'
    this.#function = isFunction ? definition : definition.mapAsync.bind(definition)
    this.#settings = settings
    this.#code = new UserCode(isFunction ? undefined : definition)
    this.#inFlight = new InFlight(settings.isOrdered)
  }

  open(context: OperatorContext): void | Promise<void> {
    this.#context = context
    this.#calls = this.#makeCalls(context)
    this.#restore(context)
    context.signal.addEventListener('abort', this.#onAbort, { once: true })
    return this.#code.open(context)
  }

  onRestored(): void {
    // Calls begin with the first turn: until then other operators may take their time to restore.
    if (!this.#inFlight.isEmpty) this.#context.wake()
  }

  process(batch: Batch<T>, from: number): number {
    const { values, timestamps, length } = batch
    const origin = { batch: batch.origin, emitted: batch.origin?.scattered() }
    for (let i = from; i < length; i++) {
      if (!this.#admits()) return i
      this.#waiting.add(this.#inFlight.add(values[i] as T, timestamps[i]!, { origin, position: i }))
      this.#callWaiting()
    }
    return length
  }

  hold(element: HeldElement): void {
    if (this.#inFlight.isEmpty) this.#context.forward(element)
    else this.#inFlight.hold(element)
  }

  onWake(output: Output<R>): boolean {
    if (this.#failure !== undefined) throw this.#failure.error
    const isDone = this.#emitReady(output)
    output.origin = undefined
    this.#callWaiting()
    return isDone
  }

  onEnd(): boolean {
    return this.#inFlight.isEmpty
  }

  snapshotOperatorState(): readonly OperatorStateSnapshot[] {
    const inputs = this.#inFlight.inputs().map(({ value, timestamp }) => [value, timestamp])
    const held = this.#inFlight.heldWatermarks()
    const { index: subtask, parallelism } = this.#context.subtask
    const watermarks: StoredWatermarks[] = held.length === 0 ? [] : [{ subtask, parallelism, held }]
    return [
      { name: INPUTS, mode: 'list', entries: inputs },
      { name: WATERMARKS, mode: 'list', entries: watermarks },
    ]
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#context?.signal.removeEventListener('abort', this.#onAbort)
    this.#calls?.abort(this.#failure?.error)
    await this.#code.close()
  }

  readonly #onAbort = (): void => {
    this.#isClosed = true
    this.#calls.abort(this.#context.signal.reason)
  }

  #makeCalls(context: OperatorContext): Calls<Input<T, R>> {
    const { environment, metrics } = context
    const { timeoutMs, retry, onTimeout } = this.#settings
    const retries = metrics.counter('async_retries')
    const timeouts = metrics.counter('async_timeouts')
    metrics.gauge('async_in_flight', () => this.#called)
    metrics.gauge('async_waiting', () => this.#waiting.size)
    return new Calls({
      environment,
      timeoutMs,
      retry,
      call: ({ value }, callContext) => this.#function(value, callContext, this.#code.opened),
      timestampOf: ({ timestamp }) => timestamp,
      // What was called for gives an R.
      onResult: (input, result) => this.#finish(input, result as R),
      onFailure: (input, error) => this.#fail(input, userError(error, this.#whereOf(input))),
      timedOut: (input, tried) => asyncTimeout(this.#whereOf(input), { timeoutMs, ...triedOf(tried) }),
      onTimeout: (input, error) => {
        timeouts.add()
        if (onTimeout === undefined) this.#fail(input, error)
        else this.#finishWith(input, onTimeout)
      },
      onRetry: () => retries.add(),
    })
  }

  /** Inputs that were called for and have not gone on. */
  get #called(): number {
    return this.#inFlight.size - this.#waiting.size
  }

  #admits(): boolean {
    if (this.#inFlight.size < this.#settings.capacity) return true
    return this.#context.isBarrierAwaited && this.#waiting.size < MOST_WAITING
  }

  #callWaiting(): void {
    for (const input of this.#waiting) {
      if (this.#isClosed || this.#called >= this.#settings.capacity) return
      this.#waiting.delete(input)
      this.#calls.start(input)
    }
  }

  /** Returns false when the output is full. */
  #emitReady(output: Output<R>): boolean {
    for (;;) {
      const input = this.#inFlight.ready()
      if (input === undefined) {
        const elements = this.#inFlight.takeBoundary()
        if (elements.length === 0) return true
        for (const element of elements) this.#context.forward(element)
      } else {
        if (output.full) return false
        this.#inFlight.remove(input)
        output.origin = input.origin?.emitted
        if (input.failure !== undefined) this.#giveUp(input, input.failure)
        // It is done: its result is an R.
        else output.emit(input.result as R, input.timestamp)
      }
    }
  }

  #finish(input: Input<T, R>, result: R): void {
    this.#inFlight.finish(input, result)
    this.#context.wake()
  }

  #finishWith(input: Input<T, R>, resultOf: (value: T) => R): void {
    let result: R
    try {
      result = resultOf(input.value)
    } catch (thrown) {
      this.#fail(input, userError(thrown, { ...this.#whereOf(input), call: 'onTimeout' }))
      return
    }
    if (!isAsynchronous(result)) this.#finish(input, result)
    // Its time is up: nobody waits again.
    else this.#fail(input, returnedPromise(result, { ...this.#whereOf(input), call: 'onTimeout' }))
  }

  /** In its place: what is stored while it waits for that is called for again after a restore. */
  #giveUp({ value, timestamp, origin, position }: Input<T, R>, failure: TidemarkError): void {
    const place = origin === undefined ? {} : { origin: origin.batch, position }
    this.#context.guard?.giveUp(failure, { value, timestamp, ...place, isRecord: true })
  }

  /** The first one that fails the task counts. The other calls are told at once, the task with its next turn. */
  #fail(input: Input<T, R>, error: TidemarkError): void {
    if (this.#context.guard !== undefined && isOfRecord(error)) {
      this.#inFlight.fail(input, error)
      this.#context.wake()
      return
    }
    if (this.#failure !== undefined || this.#isClosed) return
    this.#failure = { error }
    this.#calls.abort(error)
    this.#context.wake()
  }

  #whereOf({ timestamp, origin, position }: Input<T, R>): Where {
    const { operatorId } = this.#context
    if (origin === undefined) return { operatorId, call: 'mapAsync', timestamp }
    return { operatorId, call: 'mapAsync', timestamp, position, origin: origin.batch }
  }

  #restore({ restoredOperatorState, subtask }: OperatorContext): void {
    // As snapshotOperatorState gave them.
    const inputs = restoredOperatorState(INPUTS, 'list') as readonly (readonly [T, number])[]
    const watermarks = restoredOperatorState(WATERMARKS, 'list') as readonly StoredWatermarks[]
    // After a rescale they say nothing about the inputs that this subtask got: the next watermark from before it does.
    const isOwn = (of: StoredWatermarks) => of.subtask === subtask.index && of.parallelism === subtask.parallelism
    const held = watermarks.length === 1 && isOwn(watermarks[0]!) ? watermarks[0]!.held : []
    let next = 0
    for (let inputsBefore = 0; inputsBefore <= inputs.length; inputsBefore++) {
      for (; held[next]?.[0] === inputsBefore; next++) {
        this.#inFlight.hold({ kind: 'watermark', timestamp: held[next]![1] })
      }
      const input = inputs[inputsBefore]
      if (input !== undefined) this.#waiting.add(this.#inFlight.add(input[0], input[1]))
    }
  }
}

function triedOf({ attempts, lastError }: { readonly attempts: number; readonly lastError: unknown }) {
  return { attempts, lastError }
}
