import type { Operation } from '../kinesis.js'
import { MAX_GET_BYTES, MAX_GET_RECORDS } from '../quotas.js'
import { ARN_RULE, optionalInteger, optionalString, requiredString } from '../request.js'
import { throttled } from './put-records.js'
import { describeChildShard, describeRecord, millisBehind } from './shard-description.js'
import { openIterator, sealIterator } from './shard-iterator.js'

export const getRecords: Operation = (kinesis, request) => {
  const iterator = requiredString(request, 'ShardIterator', { min: 1, max: 512 })
  const limit = optionalInteger(request, 'Limit', { min: 1, max: MAX_GET_RECORDS }) ?? MAX_GET_RECORDS
  optionalString(request, 'StreamARN', ARN_RULE)
  const { stream, shard, fromCounter } = openIterator(kinesis, iterator)
  if (kinesis.throttles?.admitsRead(shard) === false) throw throttled(shard, stream)

  const nowMs = kinesis.environment.clock.now()
  stream.trim(shard, nowMs)
  const limits = { maxRecords: limit, maxBytes: MAX_GET_BYTES }
  const { records, hasMore } = shard.log.read(fromCounter, stream.horizonMs(nowMs), limits)
  kinesis.throttles?.chargeRead(
    shard,
    records.reduce((sum, record) => sum + record.bytes, 0),
  )

  const last = records.at(-1)
  const isAtEnd = !hasMore && shard.closing !== undefined
  const nextPosition = { stream, shard, fromCounter: last === undefined ? fromCounter : last.counter + 1 }
  return {
    Records: records.map((record) => describeRecord(record, shard, stream)),
    NextShardIterator: isAtEnd ? null : sealIterator(kinesis, nextPosition),
    MillisBehindLatest: hasMore ? millisBehind(nowMs, last) : 0,
    ...(isAtEnd ? { ChildShards: shard.closing?.children.map(describeChildShard) } : {}),
  }
}
