import { type KinesisClient, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { TidemarkError } from 'tidemark'
import { backoffMs, pause, type ReplayEnvironment } from './environment.js'
import { kindOfFailure, kinesisError } from './failure.js'

/** A record on its way, with the event time that a marker must not pass while it is. */
export interface Outgoing {
  readonly entry: PutRecordsRequestEntry
  readonly time: number
}

export interface PutContext {
  readonly client: KinesisClient
  readonly stream: string
  readonly environment: ReplayEnvironment
  readonly signal: AbortSignal
  /** How long one flight may go without any of its records being acknowledged. */
  readonly giveUpMs: number
  readonly counts: PutCounts
}

export interface PutCounts {
  acknowledged: number
  /** Records that were refused for a moment (throttled, or failed inside of Kinesis) and sent again. */
  retried: number
  /** Records sent again because the answer got lost: Kinesis may have them twice. */
  uncertain: number
}

/** At most 500 records of one PutRecords call; they leave it one by one as they are acknowledged. */
export class Flight {
  readonly context: PutContext
  private outgoing: readonly Outgoing[]

  constructor(context: PutContext, outgoing: readonly Outgoing[]) {
    this.context = context
    this.outgoing = outgoing
  }

  /** Event time of the oldest record that is not acknowledged, Infinity if all are. */
  get oldest(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const { time } of this.outgoing) if (time < oldest) oldest = time
    return oldest
  }

  /**
   * Resolves when every record is acknowledged.
   * @throws TidemarkError if Kinesis refuses the call, or acknowledges nothing for `giveUpMs`
   */
  async put(): Promise<void> {
    const { environment, giveUpMs, signal } = this.context
    let lastProgressAt = environment.clock.monotonic()
    for (let attempt = 0; this.outgoing.length > 0; attempt++) {
      const before = this.outgoing.length
      const failure = await this.putOnce()
      if (this.outgoing.length === 0) return
      if (this.outgoing.length < before) {
        attempt = 0
        lastProgressAt = environment.clock.monotonic()
      } else if (environment.clock.monotonic() - lastProgressAt >= giveUpMs) {
        throw kinesisError(`stream '${this.context.stream}' took no record for ${giveUpMs / 1000} s`, failure)
      }
      await pause(environment, backoffMs(environment, attempt), signal)
    }
  }

  /** Gives the reason why records are left. */
  private async putOnce(): Promise<unknown> {
    const { client, stream, counts, signal } = this.context
    const Records = this.outgoing.map(({ entry }) => entry)
    try {
      const { Records: results = [] } = await client.send(new PutRecordsCommand({ StreamName: stream, Records }), {
        abortSignal: signal,
      })
      const failed = this.outgoing.filter(
        (_, index) => results[index]?.ErrorCode !== undefined || results[index] === undefined,
      )
      counts.acknowledged += this.outgoing.length - failed.length
      counts.retried += failed.length
      this.outgoing = failed
      return failed.length === 0 ? undefined : partialFailure(results.find((result) => result.ErrorCode !== undefined))
    } catch (thrown) {
      signal.throwIfAborted()
      const kind = kindOfFailure(thrown)
      if (kind === 'refused') throw kinesisError(`stream '${stream}' takes no records`, thrown)
      if (kind === 'throttled') counts.retried += Records.length
      else counts.uncertain += Records.length
      return thrown
    }
  }
}

function partialFailure(
  result: { ErrorCode?: string | undefined; ErrorMessage?: string | undefined } | undefined,
): TidemarkError {
  return new TidemarkError({
    code: 'KINESIS_RECORD_FAILED',
    domain: 'connector',
    message: `${result?.ErrorCode ?? 'no result'}: ${result?.ErrorMessage ?? 'no message'}`,
    retryable: true,
  })
}
