import {
  type DeadLetter,
  type Duration,
  type MalformedPolicy,
  minutes,
  type Polled,
  type ReaderContext,
  type Source,
  type Split,
  type SplitReader,
  seconds,
  TidemarkError,
} from 'tidemark'
import { call } from './http.js'

export interface HttpPagesOptions<T> {
  /** `GET <url>/partitions` gives the names, `GET <url>/partitions/<name>?cursor=<cursor>` a page of one. */
  readonly url: string
  /** The value of an item. What it throws makes the item a malformed record. */
  readonly decode: (item: unknown) => T
  readonly onMalformed?: MalformedPolicy
  /** Whether partitions go on after their last page, and more of them may come. Default false. */
  readonly follow?: boolean
  /** How often the tip is asked for more. Default 1 second. */
  readonly pollEvery?: Duration
}

/** A page of a partition. Asked for again it is the same. */
interface Page {
  readonly items: readonly unknown[]
  /** Of the page that follows; without it this was the last one. The page's own: there is nothing yet. */
  readonly next?: string
}

/** A partition, and how far it was read: to the item `taken` of the page that `cursor` gives. */
interface PageSplit extends Split {
  readonly cursor: string
  readonly taken: number
}

/**
 * The items of an HTTP API that gives them in pages, with a cursor: a split for each partition.
 * @example job.from('orders', httpPages({ url: 'https://api.example/orders', decode: Order.parse }))
 */
export function httpPages<T>(options: HttpPagesOptions<T>): Source<T> {
  const { url, follow = false, onMalformed = 'fail' } = options
  return {
    kind: 'http-pages',
    bounded: !follow,
    onMalformed,
    describe: () => url,
    enumerate: (context) => ({
      async discover(known) {
        const names = (await call(`${url}/partitions`, { context, signal: context.signal })) as readonly string[]
        const splits = names.map((name): PageSplit => ({ id: name, cursor: '', taken: 0 }))
        return splits.filter(({ id }) => !known.has(id))
      },
      ...(follow && { intervalMs: minutes(1).ms }),
    }),
    // A split is what this source made, or what a checkpoint has of that.
    read: (split, context) => new PageReader(split as PageSplit, context, options),
  }
}

/** Pages that are fetched ahead of `poll`. */
const PAGES_AHEAD = 2

interface FetchedPage {
  readonly cursor: string
  readonly items: readonly unknown[]
  readonly next: string | undefined
}

class PageReader<T> implements SplitReader<T> {
  readonly #context: ReaderContext
  readonly #options: HttpPagesOptions<T>
  readonly #abort = new AbortController()
  /** What was polled ends here. */
  #position: PageSplit
  /** Fetched, and not polled to their end. */
  readonly #pages: FetchedPage[] = []
  /** The next page to fetch; undefined: there is none. */
  #cursor: string | undefined
  #fetching: Promise<void> | undefined
  #cancelPause: (() => void) | undefined
  /** The last answer was that there is nothing yet. */
  #isQuiet = false
  #isEnding = false
  #failure: unknown

  constructor(split: PageSplit, context: ReaderContext, options: HttpPagesOptions<T>) {
    this.#position = split
    this.#cursor = split.cursor
    this.#context = context
    this.#options = options
    this.#fetchMore()
  }

  poll(maxRecords: number): Polled<T> | undefined {
    const polled = { values: [] as T[], offsets: [] as string[], rejected: [] as DeadLetter[], skipped: 0 }
    const count = (): number => polled.values.length + polled.rejected.length + polled.skipped
    for (let page = this.#page(); page !== undefined && count() < maxRecords; page = this.#page()) {
      const { cursor, taken } = this.#position
      const item = page.items[taken]
      try {
        polled.values.push(this.#options.decode(item))
        polled.offsets.push(`${cursor}/${taken}`)
      } catch (thrown) {
        const letter = this.#letter(item, thrown)
        const { onMalformed = 'fail' } = this.#options
        // What comes before it is given first; the position stays in front of it.
        if (onMalformed === 'fail' && count() > 0) break
        if (onMalformed === 'fail') throw malformed(letter)
        if (onMalformed === 'skip') polled.skipped++
        else polled.rejected.push(letter)
      }
      this.#position = { ...this.#position, taken: taken + 1 }
    }
    this.#fetchMore()
    if (count() > 0) return polled
    if (this.#failure !== undefined) throw this.#failure
    return undefined
  }

  position(): Split {
    return this.#position
  }

  get finished(): boolean {
    return this.#cursor === undefined && this.#page() === undefined
  }

  get caughtUp(): boolean {
    return this.finished || (this.#isQuiet && this.#fetching === undefined && this.#page() === undefined)
  }

  endAtTip(): void {
    this.#isEnding = true
    // What is asked from now on says whether there is more.
    this.#cancelPause?.()
    this.#cancelPause = undefined
    this.#fetchMore()
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.#cancelPause?.()
    await this.#fetching
  }

  /** The page that has the next item, once those before it are polled. */
  #page(): FetchedPage | undefined {
    for (let [page] = this.#pages; page !== undefined; [page] = this.#pages) {
      if (this.#position.taken < page.items.length) return page
      if (page.next === undefined) return undefined
      this.#pages.shift()
      this.#position = { ...this.#position, cursor: page.next, taken: 0 }
    }
    return undefined
  }

  #fetchMore(): void {
    const isIdle = this.#fetching === undefined && this.#cancelPause === undefined && this.#failure === undefined
    if (!isIdle || this.#cursor === undefined || this.#pages.length >= PAGES_AHEAD || this.#abort.signal.aborted) return
    this.#fetching = this.#fetch(this.#cursor, this.#isEnding)
      .catch((thrown: unknown) => {
        this.#failure = thrown
      })
      .then(() => {
        this.#fetching = undefined
        if (this.#abort.signal.aborted) return
        this.#context.wake()
        this.#fetchMore()
      })
  }

  async #fetch(cursor: string, isEnding: boolean): Promise<void> {
    const { url, pollEvery = seconds(1) } = this.#options
    const address = `${url}/partitions/${encodeURIComponent(this.#position.id)}?cursor=${encodeURIComponent(cursor)}`
    const { items, next } = (await call(address, { context: this.#context, signal: this.#abort.signal })) as Page
    this.#isQuiet = next === cursor
    if (next !== cursor) {
      this.#pages.push({ cursor, items, next })
      this.#cursor = next
    } else if (isEnding) {
      this.#cursor = undefined
    } else {
      this.#cancelPause = this.#context.environment.timers.after(pollEvery.ms, () => {
        this.#cancelPause = undefined
        this.#fetchMore()
      })
    }
  }

  #letter(item: unknown, thrown: unknown): DeadLetter {
    const { id, cursor, taken } = this.#position
    return {
      operatorId: this.#context.operatorId,
      split: id,
      offset: `${cursor}/${taken}`,
      code: 'ITEM_MALFORMED',
      message: thrown instanceof Error ? thrown.message : String(thrown),
      raw: new TextEncoder().encode(JSON.stringify(item)),
      isPart: false,
      arrivedAt: undefined,
      partitionKey: undefined,
      explicitHashKey: undefined,
      rejectedAt: this.#context.environment.clock.now(),
    }
  }
}

function malformed({ operatorId, split, offset, message }: DeadLetter): TidemarkError {
  return new TidemarkError({
    code: 'ITEM_MALFORMED',
    domain: 'user',
    operatorId,
    location: `${split}, ${offset}`,
    message: `source '${operatorId}', partition ${split}, item ${offset}: ${message}; correct it, or choose onMalformed`,
  })
}
