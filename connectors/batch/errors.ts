import { messageOf, TidemarkError } from '../../core/errors.js'
import type { PassingFailure } from '../batching/call.js'

/** Which sink it is, for messages. */
export interface Place {
  readonly operatorId: string
  readonly kind: string
}

export function nameOf({ operatorId, kind }: Place): string {
  return `sink '${operatorId}' (${kind})`
}

/** One line, to stand in parentheses. */
export function saidOf(text: unknown): string {
  return messageOf(text).replace(/[.;:\s]+$/, '') || 'no reason given'
}

/** @param location of the row where it was read, as far as it is known */
export function rowRejected(place: Place, said: string, location: string | undefined): TidemarkError {
  return new TidemarkError({
    code: 'BATCH_ROW_REJECTED',
    domain: 'user',
    operatorId: place.operatorId,
    ...(location === undefined ? {} : { location }),
    message:
      `${nameOf(place)}: a row can never be written${location === undefined ? '' : `, ${location}`} (${said}); mend the ` +
      'row, or set onRejected',
  })
}

export function resultInvalid(place: Place, found: string): TidemarkError {
  return new TidemarkError({
    code: 'BATCH_RESULT_INVALID',
    domain: 'user',
    operatorId: place.operatorId,
    message: `${nameOf(place)}: write gave ${found}. ${EXPECTED}`,
  })
}

const EXPECTED =
  "Expected: nothing, when all rows were taken; an array with one result a row, in their order, each 'ok', " +
  '{ retry: reason, isThrottled? } or { reject: reason, code? }; or for all of them { retry: reason, isThrottled? }, ' +
  '{ split: reason, isTooLarge? } or { fail: reason }'

export function writeFailed(place: Place, said: string, cause?: unknown): TidemarkError {
  return new TidemarkError({
    code: 'BATCH_WRITE_FAILED',
    domain: 'connector',
    operatorId: place.operatorId,
    message: `${nameOf(place)}: write says that no other attempt can succeed (${said}); mend what it names, then start again`,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** @param isFinal it is the same at the next start */
export function openFailed(place: Place, thrown: unknown, isFinal: boolean): TidemarkError {
  const details = {
    code: 'BATCH_OPEN_FAILED',
    domain: 'connector',
    operatorId: place.operatorId,
    retryable: true,
    message: `${nameOf(place)}: open failed (${saidOf(thrown)}); check the address, the network and the credentials`,
    cause: thrown,
  } as const
  return new TidemarkError(isFinal ? { ...details, retryable: false } : details)
}

/** The end of a row that was tried for long enough. */
export function gaveUp(place: Place, failure: PassingFailure, triedForMs: number): TidemarkError {
  const { said, isThrottled, cause } = failure
  const tried = `for ${Math.round(triedForMs / 1000)} s`
  const base = { domain: 'connector', operatorId: place.operatorId, retryable: true, cause } as const
  if (isThrottled) {
    return new TidemarkError({
      ...base,
      code: 'BATCH_THROTTLED',
      message: `${nameOf(place)}: throttled ${tried} (${said}); give the service more room, or lower maxInFlight`,
    })
  }
  return new TidemarkError({
    ...base,
    code: 'BATCH_UNAVAILABLE',
    message: `${nameOf(place)}: no good answer ${tried} (${said}); check the service and the network, or raise retryFor`,
  })
}
