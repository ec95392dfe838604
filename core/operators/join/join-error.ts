import { TidemarkError } from '../../errors.js'
import type { StoredLayout } from '../../state/component.js'

export function incompatibleJoin(operatorId: string, expected: StoredLayout, found: StoredLayout): TidemarkError {
  return new TidemarkError({
    code: 'JOIN_STATE_INCOMPATIBLE',
    domain: 'user',
    operatorId,
    message:
      `join '${operatorId}': expected stored state '${nameOf(expected)}', found '${nameOf(found)}'. A join keeps its ` +
      'bounds for the life of its state: give the changed step a new id, or restore without it.',
  })
}

function nameOf({ layout, version }: StoredLayout): string {
  return `${layout}, version ${version}`
}

export function joinTimestampMissing(operatorId: string, timestamp: number): TidemarkError {
  return new TidemarkError({
    code: 'TIMESTAMP_MISSING',
    domain: 'user',
    operatorId,
    message:
      `join '${operatorId}': expected a record with a timestamp in epoch milliseconds, found ` +
      `${Number.isNaN(timestamp) ? 'NaN' : 'none'}. Give the sources of both sides a watermark strategy with timestamps`,
  })
}
