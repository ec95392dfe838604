import type { Results } from '../golden-job.js'
import { choices } from '../taxi/seeded.js'

/*
 * Two streams of a market, and what the job has to write about them, by code that shares nothing with Tidemark: every
 * record of one side against every one of the other, but for those that a join had as late.
 *
 * Late is only what has strayed, days behind: until the watermark of both sides is known it is in time, from then on late.
 * When that is depends on how fast the sides come, and may differ between two joins. Whatever each of them had as late, its
 * results are those of all others; and the last strays come when the watermark has been known for long.
 */

export interface Offer {
  readonly item: string
  readonly at: number
  readonly number: number
  readonly hasStrayed: boolean
  /** It comes when everything else has come, or nearly. */
  readonly isLast: boolean
}

/** What a late record is written as. */
export interface LateLine {
  readonly of: 'near' | 'pairs' | 'priced' | 'sessions'
  readonly side: 'left' | 'right'
  readonly number: number
}

export interface Input {
  /** By split, nearly in order. */
  readonly offers: readonly (readonly Offer[])[]
  readonly prices: readonly (readonly Offer[])[]
}

const DAY_MS = 86_400_000
export const START = Date.UTC(2026, 2, 1)
/** Nothing but a stray is out of order by more. */
export const DISORDER_MS = 60_000
/** No split is ahead of another one by more, and by what it reads at once. */
export const DRIFT_MS = 900_000
export const CLOSE_MS = 30_000
export const BEFORE_MS = 90_000
export const AFTER_MS = 240_000
export const WINDOW_MS = 600_000
export const GAP_MS = 120_000

export function makeInput(seed: number, count: number): Input {
  const random = choices(seed)
  const side = (splits: number, size: number) =>
    Array.from({ length: splits }, (_, split) => {
      const length = Math.floor(size / splits)
      return Array.from({ length }, (__, index): Offer => {
        // Behind others of its first batch: no watermark is older than the strays.
        const hasStrayed = index % 12 === 9
        const at = hasStrayed
          ? START - DAY_MS + random.between(0, 200) * 3000
          : START + index * 9000 * splits - random.between(0, DISORDER_MS / 3000) * 3000
        const item = `item-${random.between(0, random.one([4, 60]))}`
        return { item, at, number: index * splits + split, hasStrayed, isLast: index > length * 0.9 }
      })
    })
  return { offers: side(3, count), prices: side(2, count) }
}

/** Pairs that the function of the window join does not take. */
export const isRefused = (offer: Offer, price: Offer): boolean => (offer.number * 31 + price.number) % 17 === 3

export const linesOf = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

/** Lines of each result, sorted. */
export function expectedResults({ offers, prices }: Input, found: Results): Results {
  const late = (found['late'] ?? []).map((line) => JSON.parse(line) as LateLine)
  const left = offers.flat()
  const right = prices.flat()
  const inTime = (of: LateLine['of']) => {
    const numbersOf = (side: LateLine['side']) =>
      new Set(late.filter((line) => line.of === of && line.side === side).map(({ number }) => number))
    const lateLeft = numbersOf('left')
    const lateRight = numbersOf('right')
    return sidesOf(
      left.filter(({ number }) => !lateLeft.has(number)),
      right.filter(({ number }) => !lateRight.has(number)),
    )
  }
  const near = inTime('near').flatMap(nearIn)
  const pairs = inTime('pairs')
  const priced = inTime('priced').flatMap(pricedIn)
  const sessions = inTime('sessions').flatMap(sessionsIn)
  const aside = [
    ...near.filter(({ apartMs }) => apartMs <= CLOSE_MS).map(({ pair }) => ({ of: 'close', ...pair })),
    ...priced.filter(({ since }) => since === null).map(({ item, offer }) => ({ of: 'unpriced', item, offer })),
    ...sessions
      .filter((session) => session.offers === 0 || session.prices === 0)
      .map(({ item, end }) => ({ of: 'alone', item, end })),
  ]
  return {
    near: linesOf(near.map(({ pair, at }) => ({ ...pair, at }))),
    pairs: linesOf(pairsOf(pairs, (offer, price) => !isRefused(offer, price))),
    refused: linesOf(pairsOf(pairs, isRefused)),
    priced: linesOf(priced),
    sessions: linesOf(sessions),
    aside: linesOf(aside),
    silent: linesOf(
      sidesOf(left, right)
        .filter(({ own }) => own.length > 0)
        .map(({ item, own, others }) => ({ item, offers: own.length, prices: others.length })),
    ),
    late: linesOf(
      JOINS.flatMap((of) => [
        ...lateIn(left, of, 'left', late).map(({ number }) => ({ of, side: 'left', number })),
        ...lateIn(right, of, 'right', late).map(({ number }) => ({ of, side: 'right', number })),
      ]),
    ),
  }
}

const JOINS = ['near', 'pairs', 'priced', 'sessions'] as const

/** Each stray at most once, the last ones in any case, and nothing else. */
function lateIn(all: readonly Offer[], of: LateLine['of'], side: LateLine['side'], late: readonly LateLine[]): Offer[] {
  const said = new Set(late.filter((line) => line.of === of && line.side === side).map(({ number }) => number))
  return all.filter(({ hasStrayed, isLast, number }) => hasStrayed && (isLast || said.has(number)))
}

interface Side {
  readonly item: string
  readonly own: readonly Offer[]
  readonly others: readonly Offer[]
}

function sidesOf(offers: readonly Offer[], prices: readonly Offer[]): Side[] {
  const [left, right] = [byItem(offers), byItem(prices)]
  return [...new Set([...left.keys(), ...right.keys()])].map((item) => ({
    item,
    own: left.get(item) ?? [],
    others: right.get(item) ?? [],
  }))
}

const nearIn = ({ item, own, others }: Side) =>
  own.flatMap((offer) =>
    others
      .filter(({ at }) => at >= offer.at - BEFORE_MS && at <= offer.at + AFTER_MS)
      .map((price) => ({
        pair: { item, offer: offer.number, price: price.number },
        at: Math.max(offer.at, price.at),
        apartMs: Math.abs(offer.at - price.at),
      })),
  )

const pricedIn = ({ item, own, others }: Side) =>
  own.map((offer) => {
    const times = others.filter(({ at }) => at <= offer.at).map(({ at }) => at)
    return { item, offer: offer.number, since: times.length === 0 ? null : Math.max(...times) }
  })

function pairsOf(sides: readonly Side[], isWanted: (offer: Offer, price: Offer) => boolean): object[] {
  return sides.flatMap(({ item, own, others }) =>
    own.flatMap((offer) =>
      others
        .filter((price) => windowOf(price.at) === windowOf(offer.at) && isWanted(offer, price))
        .map((price) => ({ item, offer: offer.number, price: price.number, end: windowOf(offer.at) + WINDOW_MS })),
    ),
  )
}

const windowOf = (at: number): number => Math.floor(at / WINDOW_MS) * WINDOW_MS

function byItem(all: readonly Offer[]): Map<string, Offer[]> {
  const items = new Map<string, Offer[]>()
  for (const offer of all) items.set(offer.item, [...(items.get(offer.item) ?? []), offer])
  return items
}

function sessionsIn({ item, own, others }: Side) {
  const times = [...own.map(({ at }) => ({ at, side: 0 })), ...others.map(({ at }) => ({ at, side: 1 }))]
  const sessions: { readonly item: string; end: number; offers: number; prices: number }[] = []
  for (const { at, side } of times.sort((one, other) => one.at - other.at)) {
    let session = sessions.at(-1)
    if (session === undefined || at > session.end) {
      session = { item, end: 0, offers: 0, prices: 0 }
      sessions.push(session)
    }
    session.end = at + GAP_MS
    if (side === 0) session.offers++
    else session.prices++
  }
  return sessions
}
