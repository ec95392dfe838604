import { TidemarkError } from '../errors.js'
import { isPromise, silence } from '../promises.js'
import type { Key, KeyScalar } from '../state/key.js'
import type { TimeWindow } from '../window/index.js'
import { nameOf, type Place } from './settings.js'

/** For what is subtracted: an infinity has no difference. @throws TidemarkError PATTERN_VALUE_INVALID */
export function finiteOf(place: Place, name: string, found: unknown): number {
  // Adding 0 turns -0 into 0, as a round trip through a checkpoint does.
  if (Number.isFinite(found)) return (found as number) + 0
  throw valueInvalid(place, name, { expected: 'a finite number', found })
}

/** For what is compared, where infinities have their place. @throws TidemarkError PATTERN_VALUE_INVALID */
export function orderedOf(place: Place, name: string, found: unknown): number {
  if (typeof found === 'number' && !Number.isNaN(found)) return found + 0
  throw valueInvalid(place, name, { expected: 'a number that is not NaN', found })
}

/** @throws TidemarkError PATTERN_VALUE_INVALID */
export function scalarOf(place: Place, name: string, found: unknown): KeyScalar {
  if (isScalar(found)) return found
  throw valueInvalid(place, name, { expected: 'a string, a number that is not NaN, a bigint or a boolean', found })
}

/** @throws TidemarkError PATTERN_VALUE_INVALID */
export function keyOf(place: Place, name: string, found: unknown): Key {
  if (isScalar(found) || (Array.isArray(found) && found.every(isScalar))) return found
  throw valueInvalid(place, name, { expected: 'a string, number, bigint or boolean, or a flat tuple of those', found })
}

/** Of a row that a window gave. @throws TidemarkError PATTERN_VALUE_INVALID */
export function windowOf(place: Place, row: unknown): TimeWindow {
  const window = (row as { readonly window?: Partial<TimeWindow> } | null | undefined)?.window
  const { start, end } = window ?? {}
  if (Number.isFinite(start) && Number.isFinite(end)) return window as TimeWindow
  throw valueInvalid(place, 'window', { expected: 'a time window of a row, { start, end }', found: window })
}

function isScalar(found: unknown): found is KeyScalar {
  if (typeof found === 'number') return !Number.isNaN(found)
  return typeof found === 'string' || typeof found === 'bigint' || typeof found === 'boolean'
}

/** The error for what a user's function gave, in words that carry no payload. */
export function valueInvalid(
  place: Place,
  name: string,
  { expected, found }: { readonly expected: string; readonly found: unknown },
): TidemarkError {
  silence(found)
  const isAwaited = isPromise(found)
  const remedy = isAwaited
    ? 'It is called without waiting: fetch what it needs in a step before this one, with mapAsync'
    : 'Filter such records out before this step, or give another value'
  return new TidemarkError({
    // A function that is asynchronous is so for every record: no error policy goes on after it.
    code: isAwaited ? 'USER_FUNCTION_RETURNED_PROMISE' : 'PATTERN_VALUE_INVALID',
    domain: 'user',
    operatorId: place.id,
    message: `${nameOf(place)}: expected ${name} to give ${expected}, found ${typeOf(found)}. ${remedy}`,
  })
}

function typeOf(found: unknown): string {
  if (found === null || found === undefined || Number.isNaN(found)) return String(found)
  if (isPromise(found)) return 'a promise'
  if (typeof found === 'number') return Number.isFinite(found) ? 'a number' : String(found)
  return Array.isArray(found) ? 'an array' : typeof found === 'object' ? 'an object' : `a ${typeof found}`
}
