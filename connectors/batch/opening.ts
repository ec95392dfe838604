import type { WriterContext } from '../../core/connector.js'
import type { FunctionContext } from '../../core/context.js'
import { messageOf } from '../../core/errors.js'
import { timedCall } from '../batching/timed-call.js'
import { nameOf, openFailed, type Place } from './errors.js'
import type { BatchSinkSettings } from './options.js'
import { unlessAborted } from './unless-aborted.js'
import { isFinal } from './write-calls.js'

/** @throws TidemarkError BATCH_OPEN_FAILED */
export async function openBatch<T, O>(
  settings: BatchSinkSettings<T, O>,
  context: WriterContext,
  place: Place,
): Promise<O> {
  const { open, numbers } = settings
  // Without `open` there is nothing that could have another type.
  if (open === undefined) return undefined as O
  const { operatorId, subtask, logger, metrics, parameters, signal, environment } = context
  const given: FunctionContext = { operatorId, subtask, logger, metrics, parameters, signal }
  const opening = (async () => open(given))()
  try {
    return await timedCall({ environment, signal, callTimeoutMs: numbers.callTimeoutMs }, ({ abortSignal }) =>
      unlessAborted(abortSignal, opening),
    )
  } catch (thrown) {
    // What comes too late is closed all the same.
    opening.then(
      (opened) => closeBatch(settings, context, { place, opened }),
      () => undefined,
    )
    throw openFailed(place, thrown, isFinal(thrown))
  }
}

/** Never rejects: what was to be delivered was, at the barrier, and a connection that does not close loses nothing. */
export async function closeBatch<T, O>(
  { close, numbers }: BatchSinkSettings<T, O>,
  { environment, logger }: WriterContext,
  { place, opened }: { readonly place: Place; readonly opened: O },
): Promise<void> {
  if (close === undefined) return
  // The task's own signal has aborted by now where it was cancelled.
  const { signal } = new AbortController()
  const closing = async (): Promise<void> => close(opened)
  try {
    await timedCall({ environment, signal, callTimeoutMs: numbers.callTimeoutMs }, ({ abortSignal }) =>
      unlessAborted(abortSignal, closing()),
    )
  } catch (thrown) {
    logger.warn(`${nameOf(place)}: close failed: ${messageOf(thrown)}`)
  }
}
