import type { Observable, Subscription } from 'rxjs'
import type { Polled, ReaderContext, Source, Split, SplitReader } from '../../core/connector.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { optionInvalid, requireChoice, requireKnownOptions } from '../../core/options.js'

export interface FromObservableOptions {
  /** How many values may wait for the job. Default 10,000. */
  readonly bufferSize?: number
  /** What a value meets that finds the buffer full: `fail` stops the job, `drop` drops and counts it. Default `fail`. */
  readonly overflow?: 'fail' | 'drop'
  /** Whether the observable completes by itself, so that the job ends with it. Default false. */
  readonly bounded?: boolean
}

/**
 * An rxjs observable as a source of one split. At most once: an observable cannot be read again, so a restart
 * subscribes anew, and values that were not in a completed checkpoint are lost. It has no backpressure either: what
 * comes faster than the job takes it, also all at once on subscription, meets the bound of the buffer.
 */
export function fromObservable<T>(observable: Observable<T>, options: FromObservableOptions = {}): Source<T> {
  requireKnownOptions('fromObservable', options, { bufferSize: true, overflow: true, bounded: true })
  requireChoice('fromObservable', { name: 'overflow', value: options.overflow, choices: ['fail', 'drop'] })
  if (typeof observable?.subscribe !== 'function') {
    throw optionInvalid('fromObservable', 'expected an observable as the first argument')
  }
  const { bufferSize = 10_000, overflow = 'fail', bounded = false } = options
  if (!(Number.isSafeInteger(bufferSize) && bufferSize > 0)) {
    throw new TidemarkError({
      code: 'OPTION_INVALID',
      domain: 'user',
      message: `fromObservable: bufferSize is a whole number above 0, found ${bufferSize}`,
    })
  }
  return {
    kind: 'rxjs',
    bounded,
    describe: () => `buffer ${bufferSize}, overflow ${overflow}`,
    enumerate: () => ({
      async discover(known) {
        return known.has('observable') ? [] : [{ id: 'observable' }]
      },
    }),
    read: (split, context) => new ObservableReader(observable, { split, context, bufferSize, overflow }),
  }
}

interface ReaderSettings {
  readonly split: Split
  readonly context: ReaderContext
  readonly bufferSize: number
  readonly overflow: 'fail' | 'drop'
}

class ObservableReader<T> implements SplitReader<T> {
  readonly #settings: ReaderSettings
  readonly #subscription: Subscription
  #buffer: T[] = []
  /** Index of the first value in the buffer that was not polled. */
  #head = 0
  #dropped = 0
  #ended = false
  #failure: TidemarkError | undefined

  constructor(observable: Observable<T>, settings: ReaderSettings) {
    this.#settings = settings
    const { context } = settings
    this.#subscription = observable.subscribe({
      next: (value) => this.#receive(value),
      error: (thrown: unknown) => {
        this.#failure ??= new TidemarkError({
          code: 'OBSERVABLE_FAILED',
          domain: 'user',
          operatorId: context.operatorId,
          message: `source '${context.operatorId}': the observable failed: ${messageOf(thrown)}`,
          cause: thrown,
        })
        context.wake()
      },
      complete: () => {
        this.#ended = true
        context.wake()
      },
    })
    // Values that came while subscribing could not unsubscribe yet.
    if (this.#failure) this.#subscription.unsubscribe()
  }

  poll(maxRecords: number): Polled<T> | undefined {
    const values = this.#buffer.slice(this.#head, this.#head + maxRecords)
    const skipped = this.#dropped
    this.#dropped = 0
    this.#head += values.length
    if (this.#head === this.#buffer.length || this.#head > this.#settings.bufferSize) {
      this.#buffer = this.#buffer.slice(this.#head)
      this.#head = 0
    }
    if (values.length === 0 && skipped === 0) {
      if (this.#failure) throw this.#failure
      return undefined
    }
    return skipped === 0 ? { values } : { values, skipped }
  }

  position(): Split {
    return this.#settings.split
  }

  get finished(): boolean {
    return this.#ended && !this.#failure && this.#pending === 0 && this.#dropped === 0
  }

  get caughtUp(): boolean {
    return this.#pending === 0 && !this.#failure
  }

  endAtTip(): void {
    this.#subscription.unsubscribe()
    this.#ended = true
    this.#settings.context.wake()
  }

  close(): void {
    this.#subscription.unsubscribe()
  }

  get #pending(): number {
    return this.#buffer.length - this.#head
  }

  #receive(value: T): void {
    if (this.#failure || this.#ended) return
    const { context, bufferSize, overflow } = this.#settings
    if (this.#pending < bufferSize) {
      this.#buffer.push(value)
      context.wake()
    } else if (overflow === 'drop') {
      this.#dropped++
    } else {
      this.#failure = new TidemarkError({
        code: 'OBSERVABLE_OVERFLOW',
        domain: 'user',
        operatorId: context.operatorId,
        message:
          `source '${context.operatorId}': the observable emitted more than the ${bufferSize} values that fit the ` +
          'buffer before the job took them. Slow it down, raise bufferSize, or choose overflow: drop',
      })
      // Undefined while the observable emits during `subscribe`.
      this.#subscription?.unsubscribe()
      context.wake()
    }
  }
}
