import { backoffMs, pause } from './environment.js'
import { kindOfFailure, kinesisError } from './failure.js'
import type { PutContext } from './flight.js'

/**
 * Repeats a call without effects until it succeeds.
 * @throws TidemarkError if it is refused, or fails for `giveUpMs`
 */
export async function retrying<Result>(context: PutContext, call: () => Promise<Result>): Promise<Result> {
  const { environment, giveUpMs, signal, stream } = context
  const startedAt = environment.clock.monotonic()
  for (let attempt = 0; ; attempt++) {
    try {
      return await call()
    } catch (thrown) {
      signal.throwIfAborted()
      const isOver = environment.clock.monotonic() - startedAt >= giveUpMs
      if (isOver || kindOfFailure(thrown) === 'refused') throw kinesisError(`shards of stream '${stream}'`, thrown)
    }
    await pause(environment, backoffMs(environment, attempt), signal)
  }
}
