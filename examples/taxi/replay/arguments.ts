import { InvalidArgumentError } from 'commander'
import { parseInstant } from '../events/index.js'
import type { Speedup } from './schedule.js'

/*
 * What the taxi commands have in common on their command lines. Commander shows the messages.
 */

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= 10_000) return value
  throw new InvalidArgumentError('Expected a whole number from 1 to 10000.')
}

/** Also for counts that may be large: trips. */
export function countOf(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError('Expected a whole number from 1.')
}

export function instantOf(text: string): string {
  if (!Number.isNaN(parseInstant(text))) return text
  throw new InvalidArgumentError('Expected an instant with its zone, such as 2013-01-01T06:00:00Z.')
}

export function speedupOf(text: string): Speedup {
  if (text === 'max') return 'max'
  const value = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && value > 0) return value
  throw new InvalidArgumentError("Expected a number greater than 0, or 'max'.")
}
