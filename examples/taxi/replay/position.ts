import { TidemarkError } from 'tidemark'
import type { TripEvent } from '../events/index.js'

/** How far a replay has come. Plain data. */
export interface ReplayPosition {
  /** So many trips, counted in the order in which they are put, are acknowledged. */
  readonly trips: number
  /** The latest drop-off among them. */
  readonly latest: number | undefined
  /** The latest marker. It may be ahead of `trips` where those behind it have been acknowledged meanwhile. */
  readonly watermark: number | undefined
  /** There are no more trips. */
  readonly isComplete: boolean
}

export const START: ReplayPosition = { trips: 0, latest: undefined, watermark: undefined, isComplete: false }

/**
 * The trips behind a position.
 * @throws TidemarkError REPLAY_POSITION_INVALID if the ones before it are not those that it was taken of
 */
export async function* leftToReplay(
  batches: AsyncIterable<readonly TripEvent[]>,
  { trips, latest }: ReplayPosition,
): AsyncGenerator<readonly TripEvent[]> {
  let skipped = 0
  let latestSkipped: number | undefined
  for await (const batch of batches) {
    const left = trips - skipped
    const skip = Math.min(left, batch.length)
    for (let index = 0; index < skip; index++) {
      const time = batch[index]?.dropoffTime ?? 0 // the index is below the length
      if (latestSkipped === undefined || time > latestSkipped) latestSkipped = time
    }
    skipped += skip
    if (left > 0 && skipped === trips && latestSkipped !== latest) throw notOfTheseTrips()
    if (skip < batch.length) yield skip === 0 ? batch : batch.slice(skip)
  }
  if (skipped < trips) throw notOfTheseTrips()
}

function notOfTheseTrips(): TidemarkError {
  return new TidemarkError({
    code: 'REPLAY_POSITION_INVALID',
    domain: 'user',
    message:
      'the trips before the position are not those that were replayed up to it: give the same trip files as before',
  })
}
