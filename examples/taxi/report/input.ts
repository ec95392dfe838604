import type { PickupCount, TripDuration } from '../documents.js'

/** What the report is made from: the two result sets of the taxi job, and what is known about the run. */

/** A fact that the run does not know (a resumed run has no replayer, say) is left undefined and is not shown. */
export interface RunFacts {
  /** The page's heading. Default: "Taxi pickups in New York". */
  readonly title?: string | undefined
  /** What was read, in words: "a day of made-up trips, seed 7" or the names of the files. */
  readonly source: string
  /** Records that the job read. */
  readonly events: number
  readonly eventsPerSecond?: number | undefined
  readonly elapsedMs?: number | undefined
  readonly late?: number | undefined
  /** Rows of the trip files that the replayer could not use. */
  readonly unreadable?: number | undefined
  /** Records of the stream that the job could not decode. */
  readonly malformed?: number | undefined
  /** Trips outside the New York box. */
  readonly filtered?: number | undefined
  readonly checkpoints?: number | undefined
  /** Checkpoints that the run was started from, if it was resumed. */
  readonly resumedFrom?: string | undefined
  readonly parallelism?: number | undefined
  readonly shards?: number | undefined
  readonly watermarks?: 'markers' | 'bounded' | undefined
  /** Event time of the first and last trip, epoch milliseconds. */
  readonly fromEventTime?: number | undefined
  readonly toEventTime?: number | undefined
  /** Anything else worth a line. */
  readonly more?: readonly RunFact[] | undefined
}

export interface RunFact {
  readonly label: string
  readonly value: string
}

export interface ReportInput {
  readonly pickupCounts: readonly PickupCount[]
  readonly tripDurations: readonly TripDuration[]
  readonly run: RunFacts
}
