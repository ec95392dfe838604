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
      return {
        type: isInsideRecord(position) ? 'AT_SEQUENCE_NUMBER' : 'AFTER_SEQUENCE_NUMBER',
        sequenceNumber: position.sequenceNumber,
      }
  }
}

/** In the middle of a record, which is needed again: of an aggregated one, or of one with several values. */
function isInsideRecord({ subSequence, valueIndex }: ShardPosition & { readonly kind: 'after' }): boolean {
  return subSequence !== null || valueIndex !== undefined
}

/** A given instant, not the wall clock: only that is forbidden. */
function dateOf(epochMs: number): Date {
  return new Date(epochMs)
}
