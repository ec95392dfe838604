import type { Environment } from '../../core/environment.js'

export interface CallOptions {
  readonly environment: Environment
  /** Aborts every call. */
  readonly signal: AbortSignal
  readonly callTimeoutMs: number
}

/**
 * A silent server must not stop a job for ever; the limit runs on the job's clock. Where the time is over the signal's
 * reason says so.
 * @param controller for an answer that goes on after the call: aborting it ends that too
 */
export async function timedCall<R>(
  options: CallOptions,
  send: (options: { abortSignal: AbortSignal }) => Promise<R>,
  controller = new AbortController(),
): Promise<R> {
  const { environment, signal, callTimeoutMs } = options
  signal.throwIfAborted()
  const abort = (): void => controller.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  let isTimedOut = false
  const cancelTimer = environment.timers.after(callTimeoutMs, () => {
    isTimedOut = true
    controller.abort(noAnswer(callTimeoutMs))
  })
  try {
    return await send({ abortSignal: controller.signal })
  } catch (thrown) {
    if (isTimedOut) throw noAnswer(callTimeoutMs)
    throw thrown
  } finally {
    cancelTimer()
    signal.removeEventListener('abort', abort)
  }
}

export function noAnswer(afterMs: number): DOMException {
  return new DOMException(`no answer within ${afterMs} ms`, 'TimeoutError')
}

/** What the network may do at any time: worth another attempt. */
export function brokenOff(message: string): DOMException {
  return new DOMException(message, 'NetworkError')
}
