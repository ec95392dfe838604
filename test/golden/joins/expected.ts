import { choices } from '../taxi/seeded.js'

/*
 * Two streams of a market, and what the job has to write about them, by code that shares nothing with Tidemark: every
 * record of one side against every one of the other.
 */

export interface Offer {
  readonly item: string
  readonly at: number
  readonly number: number
}

export interface Input {
  /** By split, nearly in order. */
  readonly offers: readonly (readonly Offer[])[]
  readonly prices: readonly (readonly Offer[])[]
}

export const START = Date.UTC(2026, 2, 1)
/** No record is out of order by more. */
export const DISORDER_MS = 60_000
export const BEFORE_MS = 90_000
export const AFTER_MS = 240_000
export const WINDOW_MS = 600_000
export const GAP_MS = 120_000

export function makeInput(seed: number, count: number): Input {
  const random = choices(seed)
  const side = (splits: number, size: number) =>
    Array.from({ length: splits }, (_, split) =>
      Array.from({ length: Math.floor(size / splits) }, (__, index): Offer => {
        const at = START + index * 9000 * splits - random.between(0, DISORDER_MS / 3000) * 3000
        return { item: `item-${random.between(0, random.one([4, 60]))}`, at, number: index * splits + split }
      }),
    )
  return { offers: side(3, count), prices: side(2, count) }
}

/** Pairs that the function of the window join does not take. */
export const isRefused = (offer: Offer, price: Offer): boolean => (offer.number * 31 + price.number) % 17 === 3

export const linesOf = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

/** Lines of each result, sorted. */
export function expectedResults({ offers, prices }: Input): Readonly<Record<string, readonly string[]>> {
  const pricesOf = byItem(prices.flat())
  const all = offers.flat()
  const sides = [...byItem(all)].map(([item, own]) => ({ item, own, others: pricesOf.get(item) ?? [] }))
  return {
    near: linesOf(
      sides.flatMap(({ item, own, others }) =>
        own.flatMap((offer) =>
          others
            .filter(({ at }) => at >= offer.at - BEFORE_MS && at <= offer.at + AFTER_MS)
            .map((price) => ({ item, offer: offer.number, price: price.number, at: Math.max(offer.at, price.at) })),
        ),
      ),
    ),
    pairs: linesOf(pairsOf(sides, (offer, price) => !isRefused(offer, price))),
    refused: linesOf(pairsOf(sides, isRefused)),
    priced: linesOf(
      sides.flatMap(({ item, own, others }) =>
        own.map((offer) => {
          const times = others.filter(({ at }) => at <= offer.at).map(({ at }) => at)
          return { item, offer: offer.number, since: times.length === 0 ? null : Math.max(...times) }
        }),
      ),
    ),
    sessions: linesOf(
      [...new Set([...sides.map(({ item }) => item), ...pricesOf.keys()])].flatMap((item) =>
        sessionsOf(
          all.filter((offer) => offer.item === item),
          pricesOf.get(item) ?? [],
        ).map((session) => ({ item, ...session })),
      ),
    ),
    silent: linesOf(sides.map(({ item, own, others }) => ({ item, offers: own.length, prices: others.length }))),
  }
}

interface Side {
  readonly item: string
  readonly own: readonly Offer[]
  readonly others: readonly Offer[]
}

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

function sessionsOf(offers: readonly Offer[], prices: readonly Offer[]) {
  const times = [...offers.map(({ at }) => ({ at, side: 0 })), ...prices.map(({ at }) => ({ at, side: 1 }))]
  const sessions: { end: number; offers: number; prices: number }[] = []
  for (const { at, side } of times.sort((one, other) => one.at - other.at)) {
    let session = sessions.at(-1)
    if (session === undefined || at > session.end) {
      session = { end: 0, offers: 0, prices: 0 }
      sessions.push(session)
    }
    session.end = at + GAP_MS
    if (side === 0) session.offers++
    else session.prices++
  }
  return sessions
}
