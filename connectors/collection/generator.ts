import type { Polled, ReaderContext, Source, Split, SplitReader } from '../../core/connector.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { requireKnownOptions } from '../../core/options.js'
import { optionError, requirePositiveInteger } from './options.js'

export interface GeneratorOptions<T> {
  /** The value of an index. Must depend on the index alone: a restart makes values again. */
  readonly make: (index: number) => T
  /** Epoch milliseconds of an index. Default: none. */
  readonly timestamp?: (index: number) => number
  /** How many values in all. Default: without end. */
  readonly count?: number
  /** Values a second, over all splits. Default: as fast as they are taken. */
  readonly rate?: number
  /** How many splits share the indexes: index i lies in split i mod `splits`. Default 4. */
  readonly splits?: number
}

interface GeneratorSplit extends Split {
  readonly stride: number
  readonly next: number
}

/**
 * Values made from their index, 0, 1, 2, ...: for tests, demonstrations and load. Splits, and so the values of each,
 * do not depend on the parallelism.
 * @example generator({ count: 1_000_000, rate: 5_000, make: (index) => ({ id: index }) })
 */
export function generator<T>(options: GeneratorOptions<T>): Source<T> {
  requireKnownOptions('generator', options, { make: true, timestamp: true, count: true, rate: true, splits: true })
  const { make, timestamp, count, rate } = options
  if (typeof make !== 'function')
    throw optionError('generator', `make is a function of the index, found ${typeof make}`)
  const splits = requirePositiveInteger('generator', { name: 'splits', value: options.splits ?? 4 })
  if (count !== undefined && !(Number.isSafeInteger(count) && count >= 0)) {
    throw optionError('generator', `count is a whole number, not negative, found ${count}`)
  }
  if (rate !== undefined && !(Number.isFinite(rate) && rate > 0)) {
    throw optionError('generator', `rate is a number of values a second above 0, found ${rate}`)
  }
  return {
    kind: 'generator',
    bounded: count !== undefined,
    describe: () => `${count ?? 'endless'} values${rate === undefined ? '' : `, ${rate} a second`}`,
    enumerate: () => ({
      async discover(known) {
        const all: GeneratorSplit[] = []
        for (let first = 0; first < splits; first++) {
          all.push({ id: `generator-${first}`, stride: splits, next: first })
        }
        return all.filter((split) => !known.has(split.id))
      },
    }),
    read(split, context) {
      const splitRate = rate === undefined ? undefined : rate / splits
      return new GeneratorReader(split as GeneratorSplit, context, {
        make: guard(make, context),
        timestamp: timestamp && guard(timestamp, context),
        end: count ?? Number.POSITIVE_INFINITY,
        intervalMs: splitRate === undefined ? 0 : 1000 / splitRate,
      })
    },
  }
}

function guard<R>(userFunction: (index: number) => R, context: ReaderContext): (index: number) => R {
  return (index) => {
    try {
      return userFunction(index)
    } catch (thrown) {
      throw new TidemarkError({
        code: 'USER_FUNCTION_FAILED',
        domain: 'user',
        retryable: true,
        operatorId: context.operatorId,
        location: `index ${index}`,
        message: `source '${context.operatorId}': the generator's function threw at index ${index}: ${messageOf(thrown)}`,
        cause: thrown,
      })
    }
  }
}

interface ReaderSettings<T> {
  readonly make: (index: number) => T
  readonly timestamp: ((index: number) => number) | undefined
  readonly end: number
  /** Milliseconds between two values of the split; 0 for no limit. */
  readonly intervalMs: number
}

class GeneratorReader<T> implements SplitReader<T> {
  readonly #split: GeneratorSplit
  readonly #context: ReaderContext
  readonly #settings: ReaderSettings<T>
  readonly #startedAt: number
  #next: number
  #end: number
  /** Values the rate has paid for since the start, taken or forgone. */
  #paid = 0
  #cancelTimer: (() => void) | undefined

  constructor(split: GeneratorSplit, context: ReaderContext, settings: ReaderSettings<T>) {
    this.#split = split
    this.#context = context
    this.#settings = settings
    this.#startedAt = context.environment.clock.monotonic()
    this.#next = split.next
    this.#end = settings.end
  }

  poll(maxRecords: number): Polled<T> | undefined {
    if (this.finished) return undefined
    const allowed = Math.min(maxRecords, this.#due())
    if (allowed === 0) {
      this.#wakeWhenDue()
      return undefined
    }
    const { make, timestamp } = this.#settings
    const values: T[] = []
    const timestamps: number[] = []
    const offsets: number[] = []
    for (; values.length < allowed && this.#next < this.#end; this.#next += this.#split.stride) {
      values.push(make(this.#next))
      offsets.push(this.#next)
      if (timestamp) timestamps.push(timestamp(this.#next))
    }
    this.#paid += values.length
    return timestamp ? { values, offsets, timestamps } : { values, offsets }
  }

  position(): Split {
    const position: GeneratorSplit = { ...this.#split, next: this.#next }
    return position
  }

  get finished(): boolean {
    return this.#next >= this.#end
  }

  get caughtUp(): boolean {
    return this.finished || this.#due() === 0
  }

  endAtTip(): void {
    // At the tip is what is due by now. Without a rate nothing waits to be read.
    const due = this.#settings.intervalMs === 0 ? 0 : this.#due()
    this.#end = Math.min(this.#end, this.#next + due * this.#split.stride)
    this.#context.wake()
  }

  close(): void {
    this.#cancelTimer?.()
  }

  /** How many values may be taken now. A reader that was not polled for long catches up by one second's worth. */
  #due(): number {
    const { intervalMs } = this.#settings
    if (intervalMs === 0) return Number.POSITIVE_INFINITY
    const earned = Math.floor(this.#elapsed() / intervalMs) + 1
    const burst = Math.max(1, Math.floor(1000 / intervalMs))
    this.#paid = Math.max(this.#paid, earned - burst)
    return earned - this.#paid
  }

  #elapsed(): number {
    return this.#context.environment.clock.monotonic() - this.#startedAt
  }

  #wakeWhenDue(): void {
    if (this.#cancelTimer) return
    const waitMs = Math.max(1, Math.ceil(this.#paid * this.#settings.intervalMs - this.#elapsed()))
    this.#cancelTimer = this.#context.environment.timers.after(waitMs, () => {
      this.#cancelTimer = undefined
      this.#context.wake()
    })
  }
}
