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

/** States of the job in which what was asked cannot be done; everything else of ours is a failure of the job. */
const CONFLICTS = new Set(['JOB_NOT_RUNNING', 'JOB_STOPPING'])

export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof TidemarkError)) {
    return { status: 500, code: 'OPERATIONS_FAILED', message: 'the request failed inside the server; its log says why' }
  }
  const status = CONFLICTS.has(error.code) ? 409 : error.code === 'OPTION_INVALID' ? 400 : 500
  return { status, code: error.code, message: error.message }
}
