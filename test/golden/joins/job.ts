import {
  boundedOutOfOrderness,
  defineJob,
  millis,
  type Stream,
  session,
  sideOutput,
  tumbling,
  valueState,
} from 'tidemark'
import { type Given, type GoldenJob, lineWriter } from '../golden-job.js'
import {
  AFTER_MS,
  BEFORE_MS,
  CLOSE_MS,
  DISORDER_MS,
  DRIFT_MS,
  expectedResults,
  GAP_MS,
  type Input,
  isRefused,
  type LateLine,
  makeInput,
  type Offer,
  START,
  WINDOW_MS,
} from './expected.js'

const RESULTS = ['near', 'pairs', 'priced', 'sessions', 'silent', 'refused', 'aside', 'late'] as const
/** After everything. */
const END = START + 365 * 86_400_000

/** What the dead letter of a pair has. */
interface RefusedPair {
  readonly key: string
  readonly window: { readonly end: number }
  readonly left: Offer
  readonly right: Offer
}

/**
 * Every kind of join in one job. Of pairs in a window some fail, and have a dead letter each. No split runs away from the
 * others: what has strayed comes late in the end.
 */
const joinsJob = ({ out, input, source, failOnce }: Given<Input>) =>
  defineJob('joins', (job) => {
    const byTime = boundedOutOfOrderness<Offer>({
      timestamp: ({ at }) => at,
      maxDelay: millis(DISORDER_MS),
      maxDrift: millis(DRIFT_MS),
      alignmentGroup: 'market',
    })
    const write = lineWriter<(typeof RESULTS)[number]>(out)
    const offers = job
      .from('offers', source(input.offers), byTime)
      .map((offer) => failOnce(offer))
      .keyBy(({ item }) => item)
    const prices = job.from('prices', source(input.prices), byTime).keyBy(({ item }) => item)

    const near = offers
      .intervalJoin(prices, { lower: { before: millis(BEFORE_MS) }, upper: millis(AFTER_MS) })
      .process('near', {
        sideOutputs: { close: sideOutput<object>() },
        process(offer, price, { key, timestamp, sideOutputs }) {
          const pair = { item: key, offer: offer.number, price: price.number }
          if (Math.abs(offer.at - price.at) <= CLOSE_MS) sideOutputs.close.emit({ of: 'close', ...pair })
          return [{ ...pair, at: timestamp }]
        },
      })
    write('near', near)

    const pairs = offers
      .join(prices)
      .window(tumbling(millis(WINDOW_MS)))
      .process(
        'pairs',
        (offer, price, { key, window }) => {
          if (isRefused(offer, price)) throw new RangeError('as the test wants it')
          return [{ item: key, offer: offer.number, price: price.number, end: window.end }]
        },
        { onError: 'deadLetter' },
      )
    write('pairs', pairs)
    const refused = pairs.failed.map(({ raw }) => {
      const { key, window, left, right } = JSON.parse(new TextDecoder().decode(raw)) as RefusedPair
      return { item: key, offer: left.number, price: right.number, end: window.end }
    })
    write('refused', refused)

    const priced = offers.temporalJoin(prices).process('priced', {
      sideOutputs: { unpriced: sideOutput<object>() },
      process(offer, price, { key, sideOutputs }) {
        if (price === undefined) sideOutputs.unpriced.emit({ of: 'unpriced', item: key, offer: offer.number })
        return [{ item: key, offer: offer.number, since: price?.at ?? null }]
      },
    })
    write('priced', priced)

    const sessions = offers
      .coGroup(prices)
      .window(session(millis(GAP_MS)))
      .process('sessions', {
        sideOutputs: { alone: sideOutput<object>() },
        process(left, right, { key, window, sideOutputs }) {
          if (left.length === 0 || right.length === 0) {
            sideOutputs.alone.emit({ of: 'alone', item: key, end: window.end })
          }
          return [{ item: key, end: window.end, offers: left.length, prices: right.length }]
        },
      })
    write('sessions', sessions)
    write('aside', near.close.union(priced.unpriced, sessions.alone))
    write(
      'late',
      lateOf('near', near).union(lateOf('pairs', pairs), lateOf('priced', priced), lateOf('sessions', sessions)),
    )

    const silent = offers.connect(prices).process('silent', {
      state: { offers: valueState<number>({ initial: () => 0 }), prices: valueState<number>({ initial: () => 0 }) },
      onLeft(_offer, { state, timers }) {
        state.offers.mutate((count) => (count ?? 0) + 1)
        timers.registerEventTime(END)
      },
      onRight: (_price, { state }) => state.prices.mutate((count) => (count ?? 0) + 1),
      onTimer: (_timer, { key, state }) => [{ item: key, offers: state.offers.value(), prices: state.prices.value() }],
    })
    write('silent', silent)
  })

interface LateSides {
  readonly lateLeft: Stream<Offer>
  readonly lateRight: Stream<Offer>
}

const lateOf = (of: LateLine['of'], { lateLeft, lateRight }: LateSides): Stream<object> =>
  lateLeft
    .map(({ number }): LateLine => ({ of, side: 'left', number }))
    .union(lateRight.map(({ number }): LateLine => ({ of, side: 'right', number })))

export const joins: GoldenJob<Input> = {
  name: 'joins',
  results: RESULTS,
  makeInput,
  build: joinsJob,
  expectedResults,
}
