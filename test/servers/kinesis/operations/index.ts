import type { Operation } from '../kinesis.js'
import { getRecords } from './get-records.js'
import { listShards } from './list-shards.js'
import { putRecord, putRecords } from './put-records.js'
import { mergeShards, splitShard } from './resharding.js'
import { getShardIterator } from './shard-iterator.js'
import { createStream, deleteStream, describeStream, describeStreamSummary, listStreams } from './streams.js'

/** By the name that follows `Kinesis_20131202.` in X-Amz-Target. */
export const operations: ReadonlyMap<string, Operation> = new Map([
  ['CreateStream', createStream],
  ['DeleteStream', deleteStream],
  ['DescribeStream', describeStream],
  ['DescribeStreamSummary', describeStreamSummary],
  ['GetRecords', getRecords],
  ['GetShardIterator', getShardIterator],
  ['ListShards', listShards],
  ['ListStreams', listStreams],
  ['MergeShards', mergeShards],
  ['PutRecord', putRecord],
  ['PutRecords', putRecords],
  ['SplitShard', splitShard],
])
