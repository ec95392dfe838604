import type { Duration } from '../duration.js'
import { graphError } from '../graph/graph-error.js'
import { requireKnownOptions } from '../options.js'

/** Says where something is wrong: `deduplicate 'unique'`. */
export interface Place {
  readonly step: string
  readonly id: string
}

/** @throws TidemarkError GRAPH_STEP_INVALID for what is no object, OPTION_INVALID for a name that is no option */
export function requireOptions<O extends object>(
  place: Place,
  options: O,
  known: Readonly<Record<keyof O, true>>,
): void {
  if (typeof options !== 'object' || options === null) throw invalid(place, 'expected an object of options')
  // One object, no union: the keys of O are those that it asks for.
  requireKnownOptions(nameOf(place), options, known as Parameters<typeof requireKnownOptions<O>>[2])
}

/** @throws TidemarkError GRAPH_STEP_INVALID unless it is a duration of at least `least` whole milliseconds */
export function millisOf(place: Place, name: string, duration: Duration | undefined, least = 1): number {
  const ms = (duration as Partial<Duration> | null | undefined)?.ms
  if (Number.isSafeInteger(ms) && (ms as number) >= least) return ms as number
  throw invalid(
    place,
    `expected ${name} to be ${least > 0 ? 'a positive number of ' : ''}whole milliseconds, such as minutes(5), found ` +
      (typeof ms === 'number' ? `${ms}ms` : shown(duration)),
  )
}

/** @throws TidemarkError GRAPH_STEP_INVALID */
export function requireSelector(place: Place, name: string, found: unknown): void {
  if (typeof found === 'function') return
  throw invalid(place, `expected ${name} to be a function of a record, found ${shown(found)}`)
}

/** @throws TidemarkError GRAPH_STEP_INVALID */
export function requireCount(place: Place, name: string, found: unknown): void {
  if (Number.isSafeInteger(found) && (found as number) > 0) return
  throw invalid(place, `expected ${name} to be a positive whole number, found ${shown(found)}`)
}

/** @throws TidemarkError GRAPH_STEP_INVALID, naming the choices */
export function requireOneOf(place: Place, name: string, found: unknown, choices: readonly string[]): void {
  if (choices.includes(found as string)) return
  throw invalid(place, `expected ${name} to be one of ${choices.join(', ')}, found ${shown(found)}`)
}

export function invalid(place: Place, message: string): Error {
  return graphError('GRAPH_STEP_INVALID', `${nameOf(place)}: ${message}`, place.id)
}

export const nameOf = ({ step, id }: Place): string => `${step} '${id}'`

function shown(found: unknown): string {
  if (typeof found === 'string') return `'${found}'`
  if (typeof found === 'number' || found === null || found === undefined) return String(found)
  return Array.isArray(found) ? 'an array' : typeof found === 'object' ? 'an object' : `a ${typeof found}`
}
