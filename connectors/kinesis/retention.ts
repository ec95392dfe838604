import type { EngineContext } from '../../core/context.js'
import { TidemarkError } from '../../core/errors.js'
import type { KinesisApi } from './api.js'
import type { KinesisSplit } from './split.js'

export interface RetentionOptions {
  readonly api: KinesisApi
  readonly context: EngineContext
  readonly where: string
  readonly onTrimmed: 'fail' | 'continue'
}

/** The shortest retention that Kinesis has. What is younger is there. */
const SHORTEST_RETENTION_MS = 24 * 3_600_000
/** How often somebody who is close to the horizon asks where it is. */
const CHECK_INTERVAL_MS = 60_000

/**
 * Kinesis does not say that a position has expired: it goes on at the oldest record it still has. What can be known is
 * up to when everything was read; if that lies before the retention period, records in between may be gone.
 */
export class Retention {
  readonly #options: RetentionOptions
  readonly #streamArn: string
  #readUpTo: number | null
  #checkedAt = Number.NEGATIVE_INFINITY
  #isLossAccepted = false

  constructor(split: KinesisSplit, options: RetentionOptions) {
    this.#options = options
    this.#streamArn = split.streamArn
    this.#readUpTo = split.readUpTo
  }

  /** An answer came: nothing that arrived before this time is left to fetch. */
  onAnswer(readUpTo: number): void {
    if (this.#readUpTo !== null && readUpTo <= this.#readUpTo) return
    this.#readUpTo = readUpTo
  }

  /** Records were lost, and the job goes on all the same: a server may refuse a position that it does not have any more. */
  get isLossAccepted(): boolean {
    return this.#isLossAccepted
  }

  /**
   * Before something is asked for.
   * @throws TidemarkError KINESIS_POSITION_EXPIRED, or what the call threw
   */
  async check(): Promise<void> {
    const { api, context, where, onTrimmed } = this.#options
    const { clock } = context.environment
    const readUpTo = this.#readUpTo
    const now = clock.now()
    if (readUpTo === null || now - readUpTo < SHORTEST_RETENTION_MS) return
    if (clock.monotonic() - this.#checkedAt < CHECK_INTERVAL_MS) return
    const { retentionMs } = await api.describe({ StreamARN: this.#streamArn })
    const horizon = now - retentionMs
    if (readUpTo >= horizon || onTrimmed === 'continue') this.#checkedAt = clock.monotonic()
    if (readUpTo >= horizon) return
    const gap = `everything that arrived between ${isoOf(readUpTo)} and ${isoOf(horizon)}`
    if (onTrimmed === 'continue') {
      // While it is that far behind, the horizon eats up what is next without end: once is enough.
      if (!this.#isLossAccepted) context.logger.warn(`${where}: the position has expired; ${gap} may be lost`)
      this.#isLossAccepted = true
      return
    }
    throw new TidemarkError({
      code: 'KINESIS_POSITION_EXPIRED',
      domain: 'connector',
      operatorId: context.operatorId,
      location: where,
      message:
        `source '${context.operatorId}', ${where}: the position to go on from is older than the stream's retention of ` +
        `${retentionMs / 3_600_000} h; ${gap} may be lost. Set onTrimmed: 'continue' to go on without it, or start afresh`,
    })
  }
}

function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
