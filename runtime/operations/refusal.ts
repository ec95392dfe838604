import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { TidemarkError } from '../../core/errors.js'
import { redactText } from '../observe/redact.js'

export interface Refusal {
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly message: string
}

/** The one shape of everything that goes wrong. */
export function refuse(context: Context, { status, code, message }: Refusal): Response {
  return context.json({ error: { code, message: redactText(message) } }, status)
}

export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof TidemarkError)) {
    return { status: 500, code: 'OPERATIONS_FAILED', message: 'the request failed inside the server; its log says why' }
  }
  // What whoever asks can change is in conflict with the job as it is; anything else went wrong inside.
  const status = error.domain === 'user' ? 409 : 500
  return { status, code: error.code, message: error.message }
}
