import { choices } from '../taxi/seeded.js'

export interface Payment {
  readonly account: string
  readonly at: number
  readonly amount: number
}

export interface Rate {
  readonly region: string
  readonly at: number
  readonly percent: number
}

export interface Input {
  /** By split. The payments of an account are in one of them, nearly in order. */
  readonly payments: readonly (readonly Payment[])[]
  readonly rates: readonly Rate[]
}

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
/** No payment is out of order by more. */
export const DISORDER_MS = 2 * MINUTE
export const START = Date.UTC(2026, 2, 1)
export const END = START + 24 * HOUR
export const REGIONS = ['north', 'south', 'east', 'west'] as const

export const regionOf = (account: string): string => REGIONS[account.length % REGIONS.length] as string

/** A day of payments and of rates that change. */
export function makeInput(seed: number, size: { readonly payments: number; readonly splits: number }): Input {
  const random = choices(seed)
  const payments = Array.from({ length: size.splits }, (_, split) => {
    const count = Math.floor(size.payments / size.splits)
    const step = (END - START) / count
    return Array.from({ length: count }, (_, index): Payment => {
      const at = Math.floor(START + index * step) - random.between(0, DISORDER_MS)
      // Names of different lengths, so that all regions have accounts; a few accounts have most of the payments.
      const number = random.between(0, random.one([3, 40, 160]))
      return { account: `${split}-${'a'.repeat(number % 7)}${number}`, at, amount: random.between(1, 500) }
    })
  })
  const rates = Array.from({ length: 40 }, (_, index): Rate => {
    const at = START + Math.floor((index * (END - START)) / 40)
    return { region: REGIONS[index % REGIONS.length] as string, at, percent: random.between(0, 30) }
  })
  return { payments, rates }
}
