import { type ErrorDomain, TidemarkError } from '../../errors.js'

/** What is wrong with the job and not with a record: going on without the record would hide it. */
const OF_THE_JOB: ReadonlySet<string> = new Set([
  'USER_FUNCTION_RETURNED_PROMISE',
  'OUTPUT_OVERFLOW',
  'EMIT_OUTSIDE_CALL',
  'BROADCAST_STATE_READ_ONLY',
])

const OF_RECORDS: ErrorDomain = 'user'

/** Whether a policy for records may go on after it. */
export function isOfRecord(thrown: unknown): thrown is TidemarkError {
  return thrown instanceof TidemarkError && thrown.domain === OF_RECORDS && !OF_THE_JOB.has(thrown.code)
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,39}$/

/**
 * The cause that a counter is labelled with: the code, of Tidemark or as Node gives one, or the name of what was thrown.
 * Never its message, of which there may be as many as there are records.
 */
export function causeOf(error: TidemarkError): string {
  if (error.code !== 'USER_FUNCTION_FAILED') return error.code
  const { cause } = error
  if (!(cause instanceof Error)) return typeof cause
  const { code } = cause as { readonly code?: unknown }
  if (typeof code === 'string' && NAME.test(code)) return code
  return NAME.test(cause.name) ? cause.name : 'Error'
}
