import type { Operation, StreamingOperation } from '../kinesis.js'
import {
  deregisterStreamConsumer,
  describeStreamConsumer,
  listStreamConsumers,
  registerStreamConsumer,
} from './consumers.js'
import { getRecords } from './get-records.js'
import { listShards } from './list-shards.js'
import { putRecord, putRecords } from './put-records.js'
import { mergeShards, splitShard } from './resharding.js'
import { getShardIterator } from './shard-iterator.js'
import { createStream, deleteStream, describeStream, describeStreamSummary, listStreams } from './streams.js'
import { subscribeToShard } from './subscribe-to-shard.js'

/** By the name that follows `Kinesis_20131202.` in X-Amz-Target. */
export const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['CreateStream', createStream],
  ['DeleteStream', deleteStream],
  ['DeregisterStreamConsumer', deregisterStreamConsumer],
  ['DescribeStream', describeStream],
  ['DescribeStreamConsumer', describeStreamConsumer],
  ['DescribeStreamSummary', describeStreamSummary],
  ['GetRecords', getRecords],
  ['GetShardIterator', getShardIterator],
  ['ListShards', listShards],
  ['ListStreamConsumers', listStreamConsumers],
  ['ListStreams', listStreams],
  ['MergeShards', mergeShards],
  ['PutRecord', putRecord],
  ['PutRecords', putRecords],
  ['RegisterStreamConsumer', registerStreamConsumer],
  ['SplitShard', splitShard],
])

export const streamingOperations: ReadonlyMap<string, StreamingOperation> = new Map([
  ['SubscribeToShard', subscribeToShard],
])
