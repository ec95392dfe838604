import type { Operation } from '../kinesis.js'
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
import { createStream, deleteStream, describeStream, describeStreamSummary, listStreams } from './streams.js'

/** Those that give one answer: all but SubscribeToShard. */
export const operations: Readonly<Record<Exclude<KinesisOperationName, 'SubscribeToShard'>, Operation>> = {
  CreateStream: createStream,
  DeleteStream: deleteStream,
  DeregisterStreamConsumer: deregisterStreamConsumer,
  DescribeStream: describeStream,
  DescribeStreamConsumer: describeStreamConsumer,
  DescribeStreamSummary: describeStreamSummary,
  GetRecords: getRecords,
  GetShardIterator: getShardIterator,
  ListShards: listShards,
  ListStreamConsumers: listStreamConsumers,
  ListStreams: listStreams,
  MergeShards: mergeShards,
  PutRecord: putRecord,
  PutRecords: putRecords,
  RegisterStreamConsumer: registerStreamConsumer,
  SplitShard: splitShard,
}

/** A name that follows `Kinesis_20131202.` in X-Amz-Target. */
export function isOperation(name: string): name is KinesisOperationName {
  return name === 'SubscribeToShard' || Object.hasOwn(operations, name)
}
