import { AwsError } from '../aws-error.js'
import type { Kinesis, Operation } from '../kinesis.js'
import { NAME_RULE, requiredString } from '../request.js'
import type { Shard } from '../store/shard.js'
import type { Stream } from '../store/stream.js'
import { ACCOUNT_ID } from '../store/stream-store.js'
import { HASH_KEY_RULE } from './put-records.js'
import { refuseOnDemand, resolveActiveStream, shardNotFound } from './resolve-stream.js'

/** Both take effect at once: the stream is never UPDATING. */
export const splitShard: Operation = (kinesis, request) => {
  const shardId = requiredString(request, 'ShardToSplit', NAME_RULE)
  const newStart = BigInt(requiredString(request, 'NewStartingHashKey', HASH_KEY_RULE))
  const stream = resolveActiveStream(kinesis, request)
  refuseOnDemand(stream, 'SplitShard')
  const shard = openShard(kinesis, stream, shardId)
  const { start, end } = shard.hashRange
  if (newStart <= start + 1n || newStart >= end) {
    throw new AwsError(
      'InvalidArgumentException',
      `NewStartingHashKey ${newStart} used in SplitShard() on shard ${shardId} in stream ${stream.settings.name} under ` +
        `account ${ACCOUNT_ID} is not both greater than one plus the shard's StartingHashKey ${start} and less than the ` +
        `shard's EndingHashKey ${end}.`,
    )
  }
  kinesis.streams.checkShardLimit(1)
  const halves = [
    { start, end: newStart - 1n },
    { start: newStart, end },
  ]
  stream.reshard([shard], halves, kinesis.environment.clock.now())
  return undefined
}

export const mergeShards: Operation = (kinesis, request) => {
  const firstId = requiredString(request, 'ShardToMerge', NAME_RULE)
  const secondId = requiredString(request, 'AdjacentShardToMerge', NAME_RULE)
  const stream = resolveActiveStream(kinesis, request)
  refuseOnDemand(stream, 'MergeShards')
  const first = openShard(kinesis, stream, firstId)
  const second = openShard(kinesis, stream, secondId)
  const [low, high] = first.hashRange.start < second.hashRange.start ? [first, second] : [second, first]
  if (low.hashRange.end + 1n !== high.hashRange.start) {
    throw new AwsError(
      'InvalidArgumentException',
      `Shards ${firstId} and ${secondId} in stream ${stream.settings.name} under account ${ACCOUNT_ID} are not an ` +
        'adjacent pair of shards eligible for merging',
    )
  }
  const whole = { start: low.hashRange.start, end: high.hashRange.end }
  stream.reshard([first, second], [whole], kinesis.environment.clock.now())
  return undefined
}

function openShard(kinesis: Kinesis, stream: Stream, shardId: string): Shard {
  const shard = stream.shardById(shardId, kinesis.environment.clock.now())
  if (shard === undefined) throw shardNotFound(shardId, stream.settings.name)
  if (shard.isOpen) return shard
  throw new AwsError(
    'InvalidArgumentException',
    `Shard ${shardId} in stream ${stream.settings.name} under account ${ACCOUNT_ID} is closed.`,
  )
}
