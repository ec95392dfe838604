import { type Aggregate, count, type Evictor, type Stream, seconds, tumbling, type WindowedStream } from 'tidemark'

export type Numbers = Stream<number>
export type Windows = WindowedStream<number, number, never>

export interface Case {
  readonly build: (stream: Numbers) => Stream<unknown>
  readonly operatorId: string
  /** What the message says of the call. */
  readonly says: string
  /** What it says of the record or window. */
  readonly where?: RegExp
}

export const rejected = async (): Promise<never> => {
  throw new Error('nobody waits for this')
}
/** What an ORM gives for a query: no Promise, but it has a `then`. */
export class Query {
  // biome-ignore lint/suspicious/noThenProperty: that it has one is what makes it a case
  then(_done: unknown, failed: (error: Error) => void): void {
    failed(new Error('no'))
  }
}
/** Its first row is a promise, and its second fails. It cannot be told that nobody wants more. */
export const failingBehindPromise = (): Iterable<never> => ({
  [Symbol.iterator]() {
    let taken = 0
    return {
      next() {
        if (taken++ > 0) throw new Error('not what failed first')
        return { done: false, value: promise() }
      },
    }
  },
})
// JavaScript callers are not stopped by the compiler.
export const rejecting = rejected as never
export const promise = rejected as () => never
export const hour = tumbling(seconds(3600))
export const firstRecord = /split collection-0, offset 0, timestamp 1/
export const window = /window \[0, 3600000\)/

export const keyed = (s: Numbers) => s.keyBy(() => 1)
export const inWindows = (s: Numbers) => keyed(s).window(hour)
export const rowPromised = (s: Numbers, rows: () => unknown) => s.flatMap(rows as () => Iterable<unknown>)

/** Sums numbers, but for what is replaced by something asynchronous. */
export const asyncIn = (replaced: Partial<Aggregate<number, number, number>>): Aggregate<number, number, number> => ({
  kind: 'mine',
  create: () => 0,
  add: (total, value) => total + value,
  merge: (left, right) => left + right,
  result: (total) => total,
  ...replaced,
})

export const counts = (windows: Windows): Stream<unknown> => windows.aggregate('w', { n: count() })
export const evicted = (evictor: Evictor<number>) => (s: Numbers) =>
  counts(inWindows(s).evict(evictor) as unknown as Windows)
