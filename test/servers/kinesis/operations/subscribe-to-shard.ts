import type { Subscription } from '../fan-out/subscription.js'
import type { Kinesis } from '../kinesis.js'
import {
  CONSUMER_ARN_RULE,
  type JsonObject,
  NAME_RULE,
  optionalString,
  optionalTimestampMs,
  requiredObject,
  requiredString,
} from '../request.js'
import { SEQUENCE_NUMBER_PATTERN } from '../store/sequence-number.js'
import { resolveActiveConsumer } from './consumers.js'
import { shardNotFound } from './resolve-stream.js'
import { START_TYPES, type StartType, startCounter } from './starting-position.js'

/** The one operation whose answer is a stream of events. Throws AwsError. */
export function subscribeToShard(kinesis: Kinesis, request: JsonObject): Subscription {
  const consumerArn = requiredString(request, 'ConsumerARN', CONSUMER_ARN_RULE)
  const shardId = requiredString(request, 'ShardId', NAME_RULE)
  const position = requiredObject(request, 'StartingPosition')
  const parent = 'startingPosition.'
  const type = requiredString(position, 'Type', { oneOf: START_TYPES }, parent) as StartType // oneOf proved it
  const sequenceNumber = optionalString(position, 'SequenceNumber', { pattern: SEQUENCE_NUMBER_PATTERN }, parent)
  const timestampMs = optionalTimestampMs(position, 'Timestamp')
  const { stream, consumer } = resolveActiveConsumer(kinesis, consumerArn)
  const nowMs = kinesis.environment.clock.now()
  const shard = stream.shardById(shardId, nowMs)
  if (shard === undefined) throw shardNotFound(shardId, stream.settings.name)
  const start = { operation: 'SubscribeToShard', type, sequenceNumber, timestampMs } as const
  const fromCounter = startCounter(start, { stream, shard, nowMs })
  return kinesis.subscriptions.begin({ consumer, stream, shard, fromCounter })
}
