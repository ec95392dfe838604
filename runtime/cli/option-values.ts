import { InvalidArgumentError } from 'commander'
import { type Duration, parseDuration } from '../../core/duration.js'
import { messageOf } from '../../core/errors.js'

/** `name=value`, any number of times. */
export function collectPairs(
  text: string,
  before: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] {
  const at = text.indexOf('=')
  if (at <= 0) throw new InvalidArgumentError('Expected name=value.')
  return [...before, [text.slice(0, at), text.slice(at + 1)] as const]
}

export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= 32_768) return value
  throw new InvalidArgumentError('Expected a whole number from 1 to 32768.')
}

export function durationOf(text: string): Duration {
  try {
    return parseDuration(text)
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error))
  }
}
