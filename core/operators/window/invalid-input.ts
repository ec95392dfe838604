import type { Batch } from '../../element.js'
import { TidemarkError } from '../../errors.js'
import type { Window } from '../../window/time-window.js'
import { isAsynchronous, recordOf, returnedPromise, userError } from '../user-error.js'

/** Something that a window's step was given (a selector, a reducer, a trigger) failed at a record. */
export function rowFailed(
  thrown: unknown,
  operatorId: string,
  row: { readonly batch: Batch; readonly position: number },
): TidemarkError {
  return userError(thrown, { operatorId, call: "the window's function", ...recordOf(row.batch, row.position) })
}

/** The same for a record that had waited. Its batch is gone. */
export function dueRowFailed(thrown: unknown, operatorId: string, timestamp: number): TidemarkError {
  return userError(thrown, { operatorId, call: "the window's function", timestamp })
}

/** The same while a window fired. */
export function firingFailed(thrown: unknown, operatorId: string, window: Window): TidemarkError {
  return userError(thrown, { operatorId, call: 'its function', ...placeOf(window) })
}

/** What an error says of a window that fires. */
export function placeOf(window: Window): { readonly place: string } {
  return { place: 'start' in window ? `window [${window.start}, ${window.end})` : 'the global window' }
}

export function evictionInvalid(operatorId: string, evictor: string): TidemarkError {
  return new TidemarkError({
    code: 'EVICTOR_INVALID',
    domain: 'user',
    operatorId,
    message: `window '${operatorId}': expected the evictor ${evictor} to return the records that stay, found no array`,
  })
}

/** A forgotten `return`, or an async trigger. */
export function triggerResultInvalid(operatorId: string, trigger: string, found: unknown): TidemarkError {
  if (isAsynchronous(found)) return returnedPromise(found, { operatorId, call: `the trigger ${trigger}` })
  const shown = found === null || found === undefined ? String(found) : `a ${typeof found}`
  return new TidemarkError({
    code: 'TRIGGER_INVALID',
    domain: 'user',
    operatorId,
    message:
      `window '${operatorId}': expected the trigger ${trigger} to return 'continue', 'fire', 'purge' or 'fireAndPurge', ` +
      `found ${typeof found === 'string' ? `'${found}'` : shown}. Return one of them in every case`,
  })
}

export function timestampMissing(operatorId: string, timestamp: number): TidemarkError {
  return new TidemarkError({
    code: 'TIMESTAMP_MISSING',
    domain: 'user',
    operatorId,
    message:
      `window '${operatorId}': expected a record with a timestamp in epoch milliseconds, found ${Number.isNaN(timestamp) ? 'NaN' : 'none'}. ` +
      'Give the source a watermark strategy with timestamps, or use processing time',
  })
}

export function keysMissing(operatorId: string): TidemarkError {
  return new TidemarkError({
    code: 'KEYS_MISSING',
    domain: 'internal',
    operatorId,
    message: `window '${operatorId}': expected a batch with keys and key groups, found one without`,
  })
}
