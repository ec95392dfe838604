import { sleep } from '../../core/environment.js'
import { Retry, type RetryOptions } from './retry.js'

/** Makes a call until it succeeds, cannot be helped, or has used up its time. Rejects at once when `signal` aborts. */
export async function retrying<R>(
  options: RetryOptions & { readonly signal: AbortSignal },
  call: () => Promise<R>,
): Promise<R> {
  const { environment, signal } = options
  const retry = new Retry(options)
  for (;;) {
    try {
      return await call()
    } catch (thrown) {
      if (signal.aborted) throw thrown
      const { error, delayMs } = retry.onFailure(thrown)
      if (error) throw error
      await sleep(environment, delayMs, signal)
    }
  }
}
