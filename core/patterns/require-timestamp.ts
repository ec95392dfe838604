import { TidemarkError } from '../errors.js'
import { nameOf, type Place } from './settings.js'

/** @throws TidemarkError TIMESTAMP_MISSING for a record that has no place in event time */
export function requireTimestamp(place: Place, timestamp: number): void {
  if (Number.isFinite(timestamp)) return
  throw new TidemarkError({
    code: 'TIMESTAMP_MISSING',
    domain: 'user',
    operatorId: place.id,
    message:
      `${nameOf(place)}: expected a record with a timestamp in epoch milliseconds, found ` +
      `${Number.isNaN(timestamp) ? 'NaN' : 'none'}. Give the source a watermark strategy with timestamps`,
  })
}
