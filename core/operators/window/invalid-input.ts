import { TidemarkError } from '../../errors.js'

export function timestampMissing(operatorId: string, timestamp: number): TidemarkError {
  return new TidemarkError({
    code: 'TIMESTAMP_MISSING',
    domain: 'user',
    operatorId,
    message:
      `window '${operatorId}': expected a record with a timestamp in epoch milliseconds, found ${timestamp}. ` +
      'Give the source a watermark strategy with timestamps, or use processing time.',
  })
}

export function keysMissing(operatorId: string): TidemarkError {
  return new TidemarkError({
    code: 'KEYS_MISSING',
    domain: 'internal',
    operatorId,
    message: `window '${operatorId}': expected a batch with keys and key groups, found one without`,
  })
}
