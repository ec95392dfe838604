import { AwsError } from '../aws-error.js'
import type { Kinesis, Operation } from '../kinesis.js'
import { ITERATOR_LIFE_MS } from '../quotas.js'
import { type JsonObject, NAME_RULE, optionalString, optionalTimestampMs, requiredString } from '../request.js'
import { parseSequenceNumber, SEQUENCE_NUMBER_PATTERN } from '../store/sequence-number.js'
import { type Shard, shardIdOf } from '../store/shard.js'
import type { Stream } from '../store/stream.js'
import { ACCOUNT_ID } from '../store/stream-store.js'
import { resolveActiveStream, shardNotFound } from './resolve-stream.js'

const ITERATOR_TYPES = [
  'TRIM_HORIZON',
  'LATEST',
  'AT_SEQUENCE_NUMBER',
  'AFTER_SEQUENCE_NUMBER',
  'AT_TIMESTAMP',
] as const
type IteratorType = (typeof ITERATOR_TYPES)[number]

/** Where a reader stands: the counter from which it reads on. */
export interface ShardPosition {
  readonly stream: Stream
  readonly shard: Shard
  readonly fromCounter: number
}

export const getShardIterator: Operation = (kinesis, request) => {
  const shardId = requiredString(request, 'ShardId', NAME_RULE)
  const type = requiredString(request, 'ShardIteratorType', { oneOf: ITERATOR_TYPES }) as IteratorType // oneOf proved it
  const sequenceNumber = optionalString(request, 'StartingSequenceNumber', { pattern: SEQUENCE_NUMBER_PATTERN })
  const timestampMs = optionalTimestampMs(request, 'Timestamp')
  const stream = resolveActiveStream(kinesis, request)
  const shard = stream.shardById(shardId, kinesis.environment.clock.now())
  if (shard === undefined) throw shardNotFound(shardId, stream.settings.name)
  checkArguments(type, sequenceNumber)
  const fromCounter = startCounter(kinesis, { type, sequenceNumber, timestampMs, stream, shard })
  return { ShardIterator: sealIterator(kinesis, { stream, shard, fromCounter }) }
}

export function sealIterator(kinesis: Kinesis, { stream, shard, fromCounter }: ShardPosition): string {
  const { name, epoch } = stream.settings
  return kinesis.tokens.seal('iterator', kinesis.environment.clock.now(), {
    name,
    epoch,
    shard: shard.index,
    fromCounter,
  })
}

/** @throws AwsError InvalidArgumentException, ExpiredIteratorException, ResourceNotFoundException */
export function openIterator(kinesis: Kinesis, iterator: string): ShardPosition {
  const opened = kinesis.tokens.open('iterator', iterator)
  if (opened === undefined) throw new AwsError('InvalidArgumentException', 'Invalid ShardIterator.')
  const nowMs = kinesis.environment.clock.now()
  if (nowMs - opened.issuedAtMs > ITERATOR_LIFE_MS) throw expired(opened.issuedAtMs, nowMs)
  // Sealed by this server, so it holds what sealIterator put in.
  const claims = opened.claims as { name: string; epoch: number; shard: number; fromCounter: number } & JsonObject
  const stream = kinesis.streams.find(claims.name)
  const shard = stream?.settings.epoch === claims.epoch ? stream.shardByIndex(claims.shard, nowMs) : undefined
  if (stream === undefined || shard === undefined) throw shardNotFound(shardIdOf(claims.shard), claims.name)
  return { stream, shard, fromCounter: claims.fromCounter }
}

interface Start {
  readonly type: IteratorType
  readonly sequenceNumber: string | undefined
  readonly timestampMs: number | undefined
  readonly stream: Stream
  readonly shard: Shard
}

function startCounter(kinesis: Kinesis, { type, sequenceNumber, timestampMs, stream, shard }: Start): number {
  switch (type) {
    case 'TRIM_HORIZON':
      return shard.startingCounter
    case 'LATEST':
      return stream.nextCounter
    case 'AT_SEQUENCE_NUMBER':
      return counterOf(sequenceNumber!, stream, shard)
    case 'AFTER_SEQUENCE_NUMBER':
      return counterOf(sequenceNumber!, stream, shard) + 1
    case 'AT_TIMESTAMP':
      return counterAtTimestamp(kinesis.environment.clock.now(), timestampMs, stream, shard)
  }
}

function checkArguments(type: IteratorType, sequenceNumber: string | undefined): void {
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
function counterOf(sequenceNumber: string, stream: Stream, shard: Shard): number {
  const where = `on shard ${shard.id} in stream ${stream.settings.name} under account ${ACCOUNT_ID}`
  const invalid = (reason: string): AwsError =>
    new AwsError(
      'InvalidArgumentException',
      `StartingSequenceNumber ${sequenceNumber} used in GetShardIterator ${where} is invalid${reason}.`,
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

function expired(issuedAtMs: number, nowMs: number): AwsError {
  return new AwsError(
    'ExpiredIteratorException',
    `Iterator expired. The iterator was created at time ${new Date(issuedAtMs).toUTCString()} while right now it is ` +
      `${new Date(nowMs).toUTCString()} which is further in the future than the tolerated delay of ${ITERATOR_LIFE_MS} milliseconds.`,
  )
}
