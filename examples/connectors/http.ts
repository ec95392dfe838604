import { type Duration, type Environment, seconds, TidemarkError } from 'tidemark'

/** What a call needs of a reader's, writer's, enumerator's or committer's context. */
export interface CallContext {
  readonly operatorId: string
  readonly environment: Environment
}

export interface CallOptions {
  readonly context: CallContext
  /** Ends the call, and the waiting between two attempts. */
  readonly signal: AbortSignal
  readonly method?: string
  readonly body?: string
  /** How long it is tried again. Default 60 seconds. */
  readonly retryFor?: Duration
  /** How long one attempt may take. Default 10 seconds. */
  readonly timeout?: Duration
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000

/**
 * A call of a service that answers in JSON. What may pass (no connection, 429, 5xx) is tried again, later each time.
 * @throws TidemarkError HTTP_REFUSED for an answer that will not change, HTTP_UNAVAILABLE when patience has ended. What
 * the signal has for a reason, when that has aborted.
 */
export async function call(url: string, options: CallOptions): Promise<unknown> {
  const { context, signal, retryFor = seconds(60) } = options
  const { clock, random } = context.environment
  const giveUpAt = clock.monotonic() + retryFor.ms
  for (let attempt = 0; ; attempt++) {
    const outcome = await attemptOnce(url, options)
    if ('json' in outcome) return outcome.json
    // Not all at the same moment: half of the pause is drawn by lot.
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + random.next() / 2)
    const waitMs = Math.max(pauseMs, outcome.waitMs)
    if (clock.monotonic() + waitMs > giveUpAt) {
      const message = `'${context.operatorId}': ${url} cannot be reached for ${retryFor.ms} ms: ${outcome.problem}`
      throw new TidemarkError({ code: 'HTTP_UNAVAILABLE', domain: 'connector', retryable: true, message })
    }
    await pause(waitMs, { context, signal })
  }
}

type Outcome = { readonly json: unknown } | { readonly problem: string; readonly waitMs: number }

async function attemptOnce(url: string, options: CallOptions): Promise<Outcome> {
  const { context, signal, method = 'GET', body, timeout = seconds(10) } = options
  signal.throwIfAborted()
  const attempt = new AbortController()
  const abort = (): void => attempt.abort()
  signal.addEventListener('abort', abort, { once: true })
  const cancelTimeout = context.environment.timers.after(timeout.ms, abort)
  try {
    const answer = await fetch(url, { method, signal: attempt.signal, ...(body !== undefined && { body }) })
    const text = await answer.text()
    if (answer.ok) return { json: text === '' ? undefined : JSON.parse(text) }
    if (answer.status !== 429 && answer.status < 500) {
      const message = `'${context.operatorId}': ${method} ${url} was refused with status ${answer.status}: ${text.slice(0, 200)}`
      throw new TidemarkError({ code: 'HTTP_REFUSED', domain: 'connector', message })
    }
    return { problem: `status ${answer.status}`, waitMs: 1000 * Number(answer.headers.get('retry-after') ?? 0) || 0 }
  } catch (thrown) {
    signal.throwIfAborted()
    if (thrown instanceof TidemarkError) throw thrown
    return { problem: String(thrown), waitMs: 0 }
  } finally {
    cancelTimeout()
    signal.removeEventListener('abort', abort)
  }
}

/** By the job's clock, which may be a virtual one; ends at once when the signal aborts. */
function pause(waitMs: number, { context, signal }: Pick<CallOptions, 'context' | 'signal'>): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cancel()
      reject(signal.reason)
    }
    const cancel = context.environment.timers.after(waitMs, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
