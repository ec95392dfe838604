import { TidemarkError } from './errors.js'

/** A length of time in whole or fractional milliseconds, never negative. Made by `millis`, `seconds`, `minutes`, ... */
export interface Duration {
  readonly ms: number
}

function duration(amount: number, unitMs: number, unit: string): Duration {
  const ms = amount * unitMs
  if (!Number.isFinite(ms) || ms < 0) {
    throw new TidemarkError({
      code: 'DURATION_INVALID',
      domain: 'user',
      message: `${unit}(${amount}): a duration is a finite number that is not negative`,
    })
  }
  return Object.freeze({ ms })
}

export const millis = (amount: number): Duration => duration(amount, 1, 'millis')
export const seconds = (amount: number): Duration => duration(amount, 1000, 'seconds')
export const minutes = (amount: number): Duration => duration(amount, 60_000, 'minutes')
export const hours = (amount: number): Duration => duration(amount, 3_600_000, 'hours')
export const days = (amount: number): Duration => duration(amount, 86_400_000, 'days')

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Reads `250ms`, `1s`, `1.5m`, `2h`, `1d`.
 * @throws TidemarkError DURATION_INVALID for anything else, a missing or unknown unit included.
 */
export function parseDuration(text: string): Duration {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim())
  const unitMs = match && UNITS_MS[match[2] as string]
  if (!match || unitMs === undefined || unitMs === null) {
    throw new TidemarkError({
      code: 'DURATION_INVALID',
      domain: 'user',
      message: `'${text}' is not a duration: write a number and a unit, such as 250ms, 1s, 5m, 2h or 1d`,
    })
  }
  return duration(Number(match[1]), unitMs, match[2] as string)
}

/** The shortest exact form that `parseDuration` reads back. */
export function formatDuration(value: Duration): string {
  for (const unit of ['d', 'h', 'm', 's']) {
    const unitMs = UNITS_MS[unit] as number
    if (value.ms >= unitMs && value.ms % unitMs === 0) return `${value.ms / unitMs}${unit}`
  }
  return `${value.ms}ms`
}
