import type { ShardPosition } from './split.js'

/** The terms of the API, which GetShardIterator and SubscribeToShard spell differently. */
export type StartingPosition =
  | { readonly type: 'TRIM_HORIZON' }
  | { readonly type: 'AT_TIMESTAMP'; readonly timestamp: Date }
  | { readonly type: 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER'; readonly sequenceNumber: string }

export function startingPosition(position: ShardPosition): StartingPosition {
  switch (position.kind) {
    case 'horizon':
      return { type: 'TRIM_HORIZON' }
    case 'timestamp':
      return { type: 'AT_TIMESTAMP', timestamp: dateOf(position.timestampMs) }
    case 'at':
      return { type: 'AT_SEQUENCE_NUMBER', sequenceNumber: position.sequenceNumber }
    case 'after':
      // In the middle of an aggregated record: the record is needed again.
      return {
        type: position.subSequence === null ? 'AFTER_SEQUENCE_NUMBER' : 'AT_SEQUENCE_NUMBER',
        sequenceNumber: position.sequenceNumber,
      }
  }
}

/** A given instant, not the wall clock: only that is forbidden. */
function dateOf(epochMs: number): Date {
  return new Date(epochMs)
}
