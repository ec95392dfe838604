import { TidemarkError } from '../../errors.js'
import { isPromise, promiseInvalid } from '../../promises.js'

/** What was found, in words that carry no payload. */
function describe(found: unknown): string {
  if (found === null || found === undefined) return String(found)
  if (typeof found === 'number') return Number.isFinite(found) ? 'a number' : String(found)
  if (isPromise(found)) return 'a promise'
  if (Array.isArray(found)) return 'an array'
  return typeof found === 'object' ? 'an object' : `a ${typeof found}`
}

/** The error for what a selector returned. `expected` reads on from "must return". */
export function invalidValue(kind: string, expected: string, found: unknown): TidemarkError {
  // It is so for every record: no error policy goes on after it.
  if (isPromise(found)) return promiseInvalid(found, `${kind}: the selector`)
  return new TidemarkError({
    code: 'AGGREGATE_VALUE_INVALID',
    domain: 'user',
    message:
      `${kind}: the selector must return ${expected}, but returned ${describe(found)}; filter such records out before ` +
      'the window, or give a default in the selector',
  })
}

/** The error for a setting that cannot work, thrown while the job is built. `expected` is a whole clause. */
export function invalidSetting(kind: string, expected: string, found: unknown): TidemarkError {
  const shown =
    typeof found === 'number' ? String(found) : typeof found === 'string' ? JSON.stringify(found) : describe(found)
  return new TidemarkError({
    code: 'AGGREGATE_SETTING_INVALID',
    domain: 'user',
    message: `${kind}: ${expected}, found ${shown}`,
  })
}

/** @throws TidemarkError AGGREGATE_SETTING_INVALID unless `selector` is a function. */
export function requireFunction(kind: string, name: string, selector: unknown): void {
  if (typeof selector !== 'function') throw invalidSetting(kind, `${name} must be a function`, selector)
}

/** What has no result without a value. The engine fires no window that holds none. */
export function emptyAccumulator(kind: string): TidemarkError {
  return new TidemarkError({
    code: 'AGGREGATE_EMPTY',
    domain: 'internal',
    message: `${kind}: expected at least one value, found none; ask for a result only after the first add`,
  })
}
