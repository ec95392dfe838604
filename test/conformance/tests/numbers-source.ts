import type { MalformedPolicy, Polled, ReaderContext, Source, Split, SplitReader } from '../../../core/connector.js'
import { TidemarkError } from '../../../core/errors.js'

/** What is the same number in another world, and what stands for a record that cannot be decoded. */
export type Item = number | 'malformed'

export interface NumbersSplit extends Split {
  readonly items: readonly Item[]
  readonly next: number
}

/** The outside of a source of numbers: counts what it hands out and what is open, and can fail. */
export class NumbersPlace {
  readonly splits: readonly (readonly Item[])[]
  fetched = 0
  open = 0
  isFailing = false

  constructor(splits: readonly (readonly Item[])[]) {
    this.splits = splits
  }
}

const ROOM = 4

/** A reader as it should be: fetches three at a time in the background, up to a bound. */
export class NumbersReader implements SplitReader<number> {
  protected readonly split: NumbersSplit
  protected readonly context: ReaderContext
  protected readonly place: NumbersPlace
  protected readonly options: NumbersOptions
  protected buffer: Item[] = []
  protected fetchedUpTo: number
  protected polledUpTo: number
  protected isAtTip = false
  protected isEnding = false
  protected isClosed = false
  protected failure: Error | undefined
  protected cancelTimer: (() => void) | undefined

  constructor(split: NumbersSplit, context: ReaderContext, { place, options }: NumbersReaderSettings) {
    this.split = split
    this.context = context
    this.place = place
    this.options = options
    this.fetchedUpTo = split.next
    this.polledUpTo = split.next
    place.open++
    this.fetchSoon()
  }

  poll(maxRecords: number): Polled<number> | undefined {
    const values: number[] = []
    const offsets: number[] = []
    let [rejected, skipped] = [0, 0]
    while (this.buffer.length > 0 && values.length + rejected + skipped < maxRecords) {
      const item = this.buffer[0]
      if (item === 'malformed') {
        const { onMalformed } = this.options
        if (onMalformed === 'fail') {
          if (values.length > 0) break
          throw new TidemarkError({ code: 'RECORD_MALFORMED', domain: 'user', message: `at ${this.polledUpTo}` })
        }
        if (onMalformed === 'skip') skipped++
        else rejected++
      } else if (item !== undefined) {
        values.push(item)
        offsets.push(this.offsetOf(this.polledUpTo))
      }
      this.buffer.shift()
      this.polledUpTo++
    }
    this.fetchSoon()
    if (values.length + rejected + skipped === 0) {
      if (this.failure) throw this.failure
      return this.nothing()
    }
    return {
      values,
      offsets,
      timestamps: values.map((value) => value * 1000),
      ...(rejected > 0 && { rejected: Array.from({ length: rejected }, () => this.letter()) }),
      ...(skipped > 0 && { skipped }),
    }
  }

  position(): Split {
    const position: NumbersSplit = { ...this.split, next: this.polledUpTo }
    return position
  }

  get finished(): boolean {
    const isOver = this.isEnding || this.options.bounded
    return isOver && this.fetchedUpTo >= this.end && this.buffer.length === 0 && this.failure === undefined
  }

  get caughtUp(): boolean {
    return this.finished || (this.isAtTip && this.buffer.length === 0)
  }

  endAtTip(): void {
    this.isEnding = true
    this.context.wake()
  }

  close(): void | Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.place.open--
    this.cancelTimer?.()
  }

  protected get end(): number {
    return this.split.items.length
  }

  protected offsetOf(index: number): number {
    return index
  }

  protected nothing(): Polled<number> | undefined {
    return undefined
  }

  protected get hasRoom(): boolean {
    return this.buffer.length < ROOM
  }

  protected wake(): void {
    this.context.wake()
  }

  protected fetchSoon(): void {
    if (this.cancelTimer || this.isClosed || !this.hasRoom || this.failure || this.isAtTip) return
    this.cancelTimer = this.context.environment.timers.after(1, () => {
      this.cancelTimer = undefined
      this.fetch()
      this.fetchSoon()
    })
  }

  protected fetch(): void {
    if (this.place.isFailing) {
      this.failure = new Error('no more numbers')
    } else {
      const fetched = this.split.items.slice(this.fetchedUpTo, this.fetchedUpTo + 3)
      this.place.fetched += fetched.length
      this.buffer.push(...fetched)
      this.fetchedUpTo += fetched.length
      this.isAtTip = fetched.length === 0
    }
    this.wake()
  }

  protected letter() {
    return {
      operatorId: this.context.operatorId,
      split: this.split.id,
      offset: String(this.polledUpTo - 1),
      code: 'RECORD_MALFORMED',
      message: 'not a number',
      raw: new TextEncoder().encode('malformed'),
      isPart: false,
      arrivedAt: undefined,
      partitionKey: undefined,
      explicitHashKey: undefined,
      rejectedAt: this.context.environment.clock.now(),
    }
  }
}

export interface NumbersOptions {
  readonly bounded: boolean
  readonly onMalformed: MalformedPolicy
}

export interface NumbersReaderSettings {
  readonly place: NumbersPlace
  readonly options: NumbersOptions
}

export type NumbersReaderClass = new (
  split: NumbersSplit,
  context: ReaderContext,
  settings: NumbersReaderSettings,
) => NumbersReader

export interface NumbersSourceOptions extends Partial<NumbersOptions> {
  readonly Reader?: NumbersReaderClass
  /** What the source is changed into, to be at fault. */
  readonly changed?: (source: Source<number>) => Source<number>
}

export function numbersSource(place: NumbersPlace, options: NumbersSourceOptions = {}): Source<number> {
  const { Reader = NumbersReader, bounded = true, onMalformed = 'fail', changed = (source) => source } = options
  return changed({
    kind: 'numbers',
    bounded,
    onMalformed,
    enumerate: ({ restored }) => {
      // The number of splits, as of the first start.
      const count = (restored as { readonly count: number } | undefined)?.count ?? place.splits.length
      return {
        discover: async (known) =>
          place.splits
            .slice(0, count)
            .map((items, index): NumbersSplit => ({ id: `numbers-${index}`, items, next: 0 }))
            .filter(({ id }) => !known.has(id)),
        snapshot: () => ({ count }),
        assign: (_split, ordinal, parallelism) => ordinal % parallelism,
      }
    },
    read: (split, context) => new Reader(split as NumbersSplit, context, { place, options: { bounded, onMalformed } }),
  })
}
