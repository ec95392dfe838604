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

/**
 * Kinesis does not say that a position has expired: it goes on at the oldest record it still has. What can be known is
 * up to when everything was read; if that lies before the retention period, records in between may be gone.
 * @throws TidemarkError KINESIS_POSITION_EXPIRED, or what the call threw
 */
export async function checkRetention(split: KinesisSplit, options: RetentionOptions): Promise<void> {
  const { api, context, where, onTrimmed } = options
  const { readUpTo } = split
  const now = context.environment.clock.now()
  if (readUpTo === null || now - readUpTo < SHORTEST_RETENTION_MS) return
  const { retentionMs } = await api.describe({ StreamARN: split.streamArn })
  const horizon = now - retentionMs
  if (readUpTo >= horizon) return
  const gap = `everything that arrived between ${isoOf(readUpTo)} and ${isoOf(horizon)}`
  if (onTrimmed === 'continue') {
    context.logger.warn(`${where}: the position has expired; ${gap} may be lost`)
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

function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
