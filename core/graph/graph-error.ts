import { TidemarkError } from '../errors.js'

/** A mistake in how a job is put together: always the user's, never worth a retry. */
export function graphError(code: string, message: string, operatorId?: string): TidemarkError {
  return new TidemarkError({ code, domain: 'user', message, ...(operatorId === undefined ? {} : { operatorId }) })
}
