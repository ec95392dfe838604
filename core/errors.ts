/**
 * Who has to act: `user` (the job's code, its configuration or its data), `connector` (an outside system), `storage`
 * (where checkpoints live), `coordination` (another process took over), `internal` (a bug of Tidemark).
 */
export type ErrorDomain = 'user' | 'connector' | 'storage' | 'coordination' | 'internal'

export interface ErrorDetails {
  /** Stable, UPPER_SNAKE_CASE; listed in docs/errors.md. */
  readonly code: string
  readonly domain: ErrorDomain
  /** Where, what was expected, what was found, what to do. No record payloads, no secrets. */
  readonly message: string
  /** Whether the same attempt may succeed later. The restart strategy reads this, never the message. Default false. */
  readonly retryable?: boolean
  readonly operatorId?: string
  /** The record, as far as it is known: split, offset, position in the batch. */
  readonly location?: string
  readonly cause?: unknown
}

/** The only error that Tidemark throws on purpose. Decide by `code`, `domain` and `retryable`, never by `message`. */
export class TidemarkError extends Error {
  override readonly name = 'TidemarkError'
  readonly code: string
  readonly domain: ErrorDomain
  readonly retryable: boolean
  readonly operatorId: string | undefined
  readonly location: string | undefined

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.domain = details.domain
    this.retryable = details.retryable ?? false
    this.operatorId = details.operatorId
    this.location = details.location
  }
}

const LONGEST_EMBEDDED = 500

/** The text of whatever was thrown, on one line, for embedding into another message. */
export function messageOf(thrown: unknown): string {
  const text = textOf(thrown)
    .trim()
    .replace(/\s*[\r\n\u2028\u2029]\s*/g, ' ')
  return text.length > LONGEST_EMBEDDED ? `${text.slice(0, LONGEST_EMBEDDED)}...` : text
}

function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown)
  } catch {
    // An object without a text of its own: no prototype, or a toString that throws.
    return `a thrown ${typeof thrown} without a message`
  }
}

/** For the `default` of an exhaustive switch: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new TidemarkError({ code: 'UNREACHABLE', domain: 'internal', message: `unexpected value ${String(value)}` })
}
