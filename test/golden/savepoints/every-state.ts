import {
  afterCount,
  aggregatingState,
  boundedOutOfOrderness,
  count,
  defineJob,
  global,
  hours,
  listOperatorState,
  listState,
  mapState,
  mean,
  purging,
  reducingState,
  type Stream,
  seconds,
  session,
  sliding,
  sum,
  tumbling,
  unionOperatorState,
  valueState,
} from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'

export interface Event {
  /** One of KEYS, as each of the types that a key can have. */
  readonly key: string
  readonly number: number
  readonly bigint: bigint
  readonly tuple: readonly [string, number, bigint, boolean]
  readonly n: number
  /** Epoch milliseconds. */
  readonly at: number
}

/** A row out of any step, as one line of text. */
export type Line = string

const byTime = boundedOutOfOrderness({ timestamp: (value: { readonly at: number }) => value.at, maxDelay: seconds(0) })

const text = (key: unknown): string =>
  Array.isArray(key) ? `[${key.map(text).join(' ')}]` : `${typeof key === 'bigint' ? `${key}n` : JSON.stringify(key)}`

/** Has every kind of state that a savepoint can hold; what it gives does not depend on the parallelism. */
export const everyState = (lines: Line[]) =>
  defineJob('every-state', (job) => {
    const events = job.from('events', collection<Event>([]), byTime)
    const limits = job.from('limits', collection<{ readonly n: number; readonly at: number }>([]), byTime)
    const keyed = events.keyBy(({ key }) => key)

    const states = keyed.process('states', {
      state: {
        last: valueState<{ readonly n: number; readonly at: Date }>(),
        seen: listState<number>(),
        parity: mapState<string, number>(),
        total: reducingState<number>((left, right) => left + right),
        average: aggregatingState(mean((n: number) => n)),
        recent: listState<number>({ ttl: { after: hours(1) } }),
      },
      process({ n, at }, { state, timers }): Line[] {
        state.last.update({ n, at: new Date(at) })
        state.seen.add(n)
        const name = n % 2 === 0 ? 'even' : 'odd'
        state.parity.put(name, (state.parity.get(name) ?? 0) + 1)
        state.total.add(n)
        state.average.add(n)
        state.recent.add(n)
        timers.registerEventTime(at + 30_000)
        timers.registerEventTime(END)
        timers.registerProcessingTime(Date.UTC(2040, 0, 1))
        return []
      },
      onTimer({ timestamp }, { key, state }): Line[] {
        // What is there at an earlier time depends on how far the other splits are.
        if (timestamp < END) return [`timer ${timestamp} ${text(key)}`]
        const { last, seen, parity, total, average, recent } = state
        const { n, at } = last.value() ?? { n: 0, at: new Date(0) }
        const parts = [n, at.getTime(), seen.values().join('+'), parity.get('even'), parity.get('odd')]
        return [`states ${text(key)} ${parts.join()} ${total.value()} ${average.value()} ${recent.values().length}`]
      },
    })
    const running = events
      .keyBy(({ number }) => number)
      .reduce('running', (left, right) => ({ ...right, n: left.n + right.n }))
      .map(({ number, n, at }): Line => `running ${text(number)} ${at} ${n}`)
    const tumblingSums = events
      .keyBy(({ number }) => number > 0)
      .window(tumbling(seconds(40)))
      .aggregate('tumbling', { n: count(), total: sum(({ n }) => n) })
      .map(({ key, window, n, total }): Line => `tumbling ${text(key)} ${window.start} ${n} ${total}`)
    const slidingCounts = events
      .keyBy(({ tuple }) => tuple)
      .window(sliding(seconds(40), seconds(20)))
      .aggregate('sliding', { n: count() })
      .map(({ key, window, n }): Line => `sliding ${text(key)} ${window.start} ${n}`)
    const sessions = keyed.window(session(seconds(15))).process('sessions', (values, { key, window }): Line[] => {
      const all = values.map(({ n }) => n).sort((left, right) => left - right)
      return [`session ${text(key)} ${window.start} ${window.end} ${all.join()}`]
    })
    const triples = keyed
      .window(global())
      .trigger(purging(afterCount(3)))
      .aggregate('triples', { n: count() })
      .map(({ key, n }): Line => `triple ${text(key)} ${n}`)
    const limited = keyed.connect(limits.broadcast({ limits: mapState<string, number>() })).process('limited', {
      state: { over: valueState<number>({ initial: () => 0 }) },
      onRecord({ n, key }, { state, broadcast }): Line[] {
        if (n <= (broadcast.limits.get('n') ?? 100)) return []
        state.over.update((state.over.value() ?? 0) + 1)
        return [`over ${text(key)} ${n} ${state.over.value()}`]
      },
      onBroadcast: ({ n }, { broadcast }) => broadcast.limits.put('n', n),
    })
    const counted = events.process('counted', {
      operatorState: { held: listOperatorState<number>(), known: unionOperatorState<number>() },
      process({ n }, { operatorState: { held, known } }): Line[] {
        held.add(n)
        known.add(n)
        return n === 0 ? [`known ${known.restored().length}`] : []
      },
    })
    const all: Stream<Line> = states.union(running, tumblingSums, slidingCounts, sessions, triples, limited, counted)
    all.to('lines', collectInto(lines))
  })

const START = 1_600_000_000_000
/** Behind all events. */
const END = START + 1_000_000

const KEYS = ['', 'a', 'key-\u{1f511}', '\0nul', 'b', 'c', 'd', 'e', 'f', 'g', '\0s'] as const
const NUMBERS = [0, -1.5, 2 ** 53, 1e-9, 4, -5, 600, 70_000, 8e20, -9e9, 10] as const
const BIGINTS = [0n, -1n, 2n ** 70n, -(2n ** 63n), 2n ** 63n, 5n, 6n, 7n, 8n, -(2n ** 90n), 10n] as const
export const SPLITS = 3
export const EVENTS_A_SPLIT = 40
/** How many of a split are in the savepoint. */
export const READ_BEFORE = 23

/** What a split has, in order of time; all events of a key are in one split, so that their order is known. */
export function eventsOf(split: number): readonly Event[] {
  const own = KEYS.flatMap((_, index) => (index % SPLITS === split ? [index] : []))
  return Array.from({ length: EVENTS_A_SPLIT }, (_, position): Event => {
    const index = own[(position * 7) % own.length] as number
    const [key, number, bigint] = [KEYS[index] as string, NUMBERS[index] as number, BIGINTS[index] as bigint]
    const n = position * SPLITS + split
    return { key, number, bigint, tuple: [key, number, bigint, number > 0], n: n % 50, at: START + n * 1000 }
  })
}
