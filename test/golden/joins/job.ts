import { boundedOutOfOrderness, defineJob, millis, type Source, session, tumbling, valueState } from 'tidemark'
import { fileSink, jsonLines } from 'tidemark/file'
import { AFTER_MS, BEFORE_MS, DISORDER_MS, GAP_MS, isRefused, type Offer, START, WINDOW_MS } from './expected.js'

export const RESULTS = ['near', 'pairs', 'priced', 'sessions', 'silent', 'refused'] as const
/** After everything. */
const END = START + 365 * 86_400_000

export interface Sources {
  readonly offers: Source<Offer>
  readonly prices: Source<Offer>
}

/** What the dead letter of a pair has. */
interface RefusedPair {
  readonly key: string
  readonly window: { readonly end: number }
  readonly left: Offer
  readonly right: Offer
}

/** Fails once, at the so many-th record. */
export interface Fault {
  at: number
}

/** Every kind of join in one job. Of pairs in a window some fail, and have a dead letter each. */
export const joinsJob = (out: string, sources: Sources, fault: Fault) =>
  defineJob('joins', (job) => {
    const byTime = boundedOutOfOrderness<Offer>({ timestamp: ({ at }) => at, maxDelay: millis(DISORDER_MS) })
    const to = (name: (typeof RESULTS)[number]) => fileSink<object>({ path: `${out}/${name}`, format: jsonLines() })
    const offers = job
      .from('offers', sources.offers, byTime)
      .map((offer) => {
        if (--fault.at === 0) throw new Error('as the test wants it')
        return offer
      })
      .keyBy(({ item }) => item)
    const prices = job.from('prices', sources.prices, byTime).keyBy(({ item }) => item)

    offers
      .intervalJoin(prices, { lower: { before: millis(BEFORE_MS) }, upper: millis(AFTER_MS) })
      .process('near', (offer, price, { key, timestamp }) => [
        { item: key, offer: offer.number, price: price.number, at: timestamp },
      ])
      .to('near-lines', to('near'))

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
    pairs.to('pair-lines', to('pairs'))
    pairs.failed
      .map(({ raw }) => {
        const { key, window, left, right } = JSON.parse(new TextDecoder().decode(raw)) as RefusedPair
        return { item: key, offer: left.number, price: right.number, end: window.end }
      })
      .to('refused-lines', to('refused'))

    offers
      .temporalJoin(prices)
      .process('priced', (offer, price, { key }) => [{ item: key, offer: offer.number, since: price?.at ?? null }])
      .to('priced-lines', to('priced'))

    offers
      .coGroup(prices)
      .window(session(millis(GAP_MS)))
      .process('sessions', (left, right, { key, window }) => [
        { item: key, end: window.end, offers: left.length, prices: right.length },
      ])
      .to('session-lines', to('sessions'))

    offers
      .connect(prices)
      .process('silent', {
        state: { offers: valueState<number>({ initial: () => 0 }), prices: valueState<number>({ initial: () => 0 }) },
        onLeft(_offer, { state, timers }) {
          state.offers.mutate((count) => (count ?? 0) + 1)
          timers.registerEventTime(END)
        },
        onRight: (_price, { state }) => state.prices.mutate((count) => (count ?? 0) + 1),
        onTimer: (_timer, { key, state }) => [
          { item: key, offers: state.offers.value(), prices: state.prices.value() },
        ],
      })
      .to('silent-lines', to('silent'))
  })
