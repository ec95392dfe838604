import type { Operation } from '../kinesis.js'
import {
  decreaseStreamRetentionPeriod,
  increaseStreamRetentionPeriod,
  startStreamEncryption,
  stopStreamEncryption,
  updateStreamMode,
} from './configuration.js'
import {
  deregisterStreamConsumer,
  describeStreamConsumer,
  listStreamConsumers,
  registerStreamConsumer,
} from './consumers.js'
import { getRecords } from './get-records.js'
import { listShards } from './list-shards.js'
import type { KinesisOperationName } from './names.js'
import { putRecord, putRecords } from './put-records.js'
import { mergeShards, splitShard } from './resharding.js'
import { getShardIterator } from './shard-iterator.js'
import {
  createStream,
  deleteStream,
  describeLimits,
  describeStream,
  describeStreamSummary,
  listStreams,
} from './streams.js'
import { addTagsToStream, listTagsForStream, removeTagsFromStream } from './tags.js'
import { updateShardCount } from './update-shard-count.js'

/** Those that give one answer: all but SubscribeToShard. */
export const operations: Readonly<Record<Exclude<KinesisOperationName, 'SubscribeToShard'>, Operation>> = {
  AddTagsToStream: addTagsToStream,
  CreateStream: createStream,
  DecreaseStreamRetentionPeriod: decreaseStreamRetentionPeriod,
  DeleteStream: deleteStream,
  DeregisterStreamConsumer: deregisterStreamConsumer,
  DescribeLimits: describeLimits,
  DescribeStream: describeStream,
  DescribeStreamConsumer: describeStreamConsumer,
  DescribeStreamSummary: describeStreamSummary,
  GetRecords: getRecords,
  GetShardIterator: getShardIterator,
  IncreaseStreamRetentionPeriod: increaseStreamRetentionPeriod,
  ListShards: listShards,
  ListStreamConsumers: listStreamConsumers,
  ListStreams: listStreams,
  ListTagsForStream: listTagsForStream,
  MergeShards: mergeShards,
  PutRecord: putRecord,
  PutRecords: putRecords,
  RegisterStreamConsumer: registerStreamConsumer,
  RemoveTagsFromStream: removeTagsFromStream,
  SplitShard: splitShard,
  StartStreamEncryption: startStreamEncryption,
  StopStreamEncryption: stopStreamEncryption,
  UpdateShardCount: updateShardCount,
  UpdateStreamMode: updateStreamMode,
}

/** A name that follows `Kinesis_20131202.` in X-Amz-Target. */
export function isOperation(name: string): name is KinesisOperationName {
  return name === 'SubscribeToShard' || Object.hasOwn(operations, name)
}
