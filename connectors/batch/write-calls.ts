import type { WriterContext } from '../../core/connector.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { userError } from '../../core/operators/user-error.js'
import type { CallAnswer } from '../batching/call.js'
import type { BatchContext } from './answer.js'
import { callAnswerOf } from './call-answer.js'
import { nameOf, type Place, saidOf, writeFailed } from './errors.js'
import type { BatchSinkSettings } from './options.js'
import type { RowRecord } from './row-records.js'
import { unlessAborted } from './unless-aborted.js'

export interface WriteCallsOptions<T, O> {
  readonly context: WriterContext
  readonly settings: Pick<BatchSinkSettings<T, O>, 'write'>
  readonly place: Place
  readonly opened: O
}

/** Calls the user's `write`, for one subtask. */
export class WriteCalls<T, O> {
  readonly #options: WriteCallsOptions<T, O>
  #quietUntil = Number.NEGATIVE_INFINITY

  constructor(options: WriteCallsOptions<T, O>) {
    this.#options = options
  }

  /** Never rejects. */
  async send(records: readonly RowRecord<T>[], signal: AbortSignal): Promise<CallAnswer> {
    const answer = await this.#send(records, signal)
    // A sink that is closed breaks off its calls itself.
    if (!this.#options.context.signal.aborted) this.#tell(answer)
    return answer
  }

  async #send(records: readonly RowRecord<T>[], signal: AbortSignal): Promise<CallAnswer> {
    const { context, settings, place, opened } = this.#options
    const { operatorId, subtask, logger } = context
    const attempt = 1 + records.reduce((most, { failures }) => Math.max(most, failures), 0)
    const call: BatchContext<O> = { operatorId, subtask, logger, signal, attempt, opened }
    const rows = records.map(({ value }) => value)
    let result: unknown
    try {
      // Also what it throws before it becomes a promise.
      const calling = async (): Promise<unknown> => settings.write(rows, call)
      result = await unlessAborted(signal, calling())
    } catch (thrown) {
      if (signal.aborted) {
        return { kind: 'retry', said: messageOf(signal.reason), isThrottled: false, cause: signal.reason }
      }
      if (!isFinal(thrown)) return { kind: 'retry', said: saidOf(thrown), isThrottled: false, cause: thrown }
      const problem =
        thrown instanceof TidemarkError
          ? userError(thrown, { operatorId, call: 'write' })
          : writeFailed(place, saidOf(thrown), thrown)
      return { kind: 'failed', problem }
    }
    return callAnswerOf(place, records, result)
  }

  /** Now and then: calls are tried again for minutes, and in between nobody would know why nothing moves. */
  #tell(answer: CallAnswer): void {
    const { context, place } = this.#options
    if (answer.kind !== 'retry') return
    const now = context.environment.clock.monotonic()
    if (now < this.#quietUntil) return
    this.#quietUntil = now + QUIET_MS
    context.logger.warn(`${nameOf(place)}: write failed and is tried again: ${answer.said}`)
  }
}

const QUIET_MS = 60_000

/** Whether what was thrown says that trying again cannot help. */
export function isFinal(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'retryable' in thrown && thrown.retryable === false
}
