import { AwsError } from '../aws-error.js'
import type { Kinesis, Operation } from '../kinesis.js'
import { ITERATOR_LIFE_MS } from '../quotas.js'
import { type JsonObject, NAME_RULE, optionalString, optionalTimestampMs, requiredString } from '../request.js'
import { SEQUENCE_NUMBER_PATTERN } from '../store/sequence-number.js'
import { type Shard, shardIdOf } from '../store/shard.js'
import type { Stream } from '../store/stream.js'
import { resolveActiveStream, shardNotFound } from './resolve-stream.js'
import { START_TYPES, type StartType, startCounter } from './starting-position.js'

/** Where a reader stands: the counter from which it reads on. */
export interface ShardPosition {
  readonly stream: Stream
  readonly shard: Shard
  readonly fromCounter: number
}

export const getShardIterator: Operation = (kinesis, request) => {
  const shardId = requiredString(request, 'ShardId', NAME_RULE)
  const type = requiredString(request, 'ShardIteratorType', { oneOf: START_TYPES }) as StartType // oneOf proved it
  const sequenceNumber = optionalString(request, 'StartingSequenceNumber', { pattern: SEQUENCE_NUMBER_PATTERN })
  const timestampMs = optionalTimestampMs(request, 'Timestamp')
  const stream = resolveActiveStream(kinesis, request)
  const shard = stream.shardById(shardId, kinesis.environment.clock.now())
  if (shard === undefined) throw shardNotFound(shardId, stream.settings.name)
  const nowMs = kinesis.environment.clock.now()
  const start = { operation: 'GetShardIterator', type, sequenceNumber, timestampMs } as const
  const fromCounter = startCounter(start, { stream, shard, nowMs })
  return { ShardIterator: sealIterator(kinesis, { stream, shard, fromCounter }) }
}

export function sealIterator(kinesis: Kinesis, { stream, shard, fromCounter }: ShardPosition): string {
  const { name, epoch } = stream.settings
  return kinesis.tokens.seal('iterator', kinesis.environment.clock.now(), {
    name,
    epoch,
    shard: shard.index,
    generation: kinesis.iterators.generation,
    fromCounter,
  })
}

/** @throws AwsError InvalidArgumentException, ExpiredIteratorException, ResourceNotFoundException */
export function openIterator(kinesis: Kinesis, iterator: string): ShardPosition {
  const opened = kinesis.tokens.open('iterator', iterator)
  if (opened === undefined) throw new AwsError('InvalidArgumentException', 'Invalid ShardIterator.')
  const nowMs = kinesis.environment.clock.now()
  const isOld = opened.claims['generation'] !== kinesis.iterators.generation
  if (isOld || nowMs - opened.issuedAtMs > ITERATOR_LIFE_MS) throw expired(opened.issuedAtMs, nowMs)
  // Sealed by this server, so it holds what sealIterator put in.
  const claims = opened.claims as { name: string; epoch: number; shard: number; fromCounter: number } & JsonObject
  const stream = kinesis.streams.find(claims.name)
  const shard = stream?.settings.epoch === claims.epoch ? stream.shardByIndex(claims.shard, nowMs) : undefined
  if (stream === undefined || shard === undefined) throw shardNotFound(shardIdOf(claims.shard), claims.name)
  return { stream, shard, fromCounter: claims.fromCounter }
}

function expired(issuedAtMs: number, nowMs: number): AwsError {
  return new AwsError(
    'ExpiredIteratorException',
    `Iterator expired. The iterator was created at time ${new Date(issuedAtMs).toUTCString()} while right now it is ` +
      `${new Date(nowMs).toUTCString()} which is further in the future than the tolerated delay of ${ITERATOR_LIFE_MS} milliseconds.`,
  )
}
