import { InvalidArgumentError } from 'commander'
import { type Duration, parseDuration, TidemarkError } from 'tidemark'

/*
 * What the commands of the examples have in common on their command lines. Commander shows the messages.
 */

export function countOf(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError('Expected a whole number from 1.')
}

/** Undefined: as fast as it goes. */
export function rateOf(text: string): number | undefined {
  if (text === 'max') return undefined
  const value = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && value > 0) return value
  throw new InvalidArgumentError("Expected a number greater than 0, or 'max'.")
}

export function durationOf(text: string): Duration {
  try {
    const duration = parseDuration(text)
    if (duration.ms > 0) return duration
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error
  }
  throw new InvalidArgumentError('Expected a number and a unit, such as 250ms, 30s, 5m or 2h.')
}
