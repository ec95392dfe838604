import { AwsError } from '../aws-error.js'
import { parseSequenceNumber } from '../store/sequence-number.js'
import { type Shard, shardIdOf } from '../store/shard.js'
import type { Stream } from '../store/stream.js'
import { ACCOUNT_ID } from '../store/stream-store.js'

export const START_TYPES = [
  'TRIM_HORIZON',
  'LATEST',
  'AT_SEQUENCE_NUMBER',
  'AFTER_SEQUENCE_NUMBER',
  'AT_TIMESTAMP',
] as const
export type StartType = (typeof START_TYPES)[number]

/** Where a caller wants to begin, as GetShardIterator and SubscribeToShard take it. */
export interface Start {
  /** For messages. */
  readonly operation: string
  readonly type: StartType
  readonly sequenceNumber: string | undefined
  readonly timestampMs: number | undefined
}

export interface StartPlace {
  readonly stream: Stream
  readonly shard: Shard
  readonly nowMs: number
}

/**
 * The counter to read from.
 *
 * @throws AwsError InvalidArgumentException
 */
export function startCounter(start: Start, place: StartPlace): number {
  const { type, sequenceNumber, timestampMs } = start
  const { stream, shard, nowMs } = place
  checkArguments(type, sequenceNumber)
  switch (type) {
    case 'TRIM_HORIZON':
      return shard.startingCounter
    case 'LATEST':
      return stream.nextCounter
    case 'AT_SEQUENCE_NUMBER':
      return counterOf(sequenceNumber!, start, place)
    case 'AFTER_SEQUENCE_NUMBER':
      return counterOf(sequenceNumber!, start, place) + 1
    case 'AT_TIMESTAMP':
      return counterAtTimestamp(nowMs, timestampMs, stream, shard)
  }
}

function checkArguments(type: StartType, sequenceNumber: string | undefined): void {
  const needsNumber = type === 'AT_SEQUENCE_NUMBER' || type === 'AFTER_SEQUENCE_NUMBER'
  const takesNone = type === 'TRIM_HORIZON' || type === 'LATEST'
  if (needsNumber ? sequenceNumber !== undefined : !takesNone || sequenceNumber === undefined) return
  throw new AwsError(
    'InvalidArgumentException',
    'Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or ' +
      '(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. ' +
      `Request specified ${type} and ${sequenceNumber === undefined ? 'no' : 'also a'} StartingSequenceNumber.`,
  )
}

/** Any number between the shard's first and the newest of the stream is a position, whether or not it has a record. */
function counterOf(sequenceNumber: string, { operation }: Start, { stream, shard }: StartPlace): number {
  const where = `on shard ${shard.id} in stream ${stream.settings.name} under account ${ACCOUNT_ID}`
  const invalid = (reason: string): AwsError =>
    new AwsError(
      'InvalidArgumentException',
      `StartingSequenceNumber ${sequenceNumber} used in ${operation} ${where} is invalid${reason}.`,
    )
  const parsed = parseSequenceNumber(sequenceNumber)
  if (parsed === undefined) throw invalid('')
  if (parsed.epoch !== stream.settings.epoch) throw invalid(' because it did not come from this stream')
  if (parsed.shardIndex !== shard.index) {
    throw new AwsError(
      'InvalidArgumentException',
      `Invalid StartingSequenceNumber. It encodes ${shardIdOf(parsed.shardIndex)}, ` +
        `while it was used in a call to a shard with ${shard.id}`,
    )
  }
  const last = shard.closing?.endingCounter ?? stream.nextCounter - 1
  if (parsed.counter < shard.startingCounter || parsed.counter > last) throw invalid(' because it is not in the shard')
  return parsed.counter
}

function counterAtTimestamp(nowMs: number, timestampMs: number | undefined, stream: Stream, shard: Shard): number {
  if (timestampMs === undefined) {
    throw new AwsError(
      'InvalidArgumentException',
      'Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.',
    )
  }
  if (timestampMs > nowMs) {
    throw new AwsError(
      'InvalidArgumentException',
      'The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. ' +
        `timestampInMillis: ${timestampMs}, currentTimestampInMillis: ${nowMs}`,
    )
  }
  return shard.log.counterAtArrival(timestampMs) ?? stream.nextCounter
}
