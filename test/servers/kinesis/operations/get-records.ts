import type { Operation } from '../kinesis.js'
import { MAX_GET_BYTES, MAX_GET_RECORDS } from '../quotas.js'
import { ARN_RULE, type JsonObject, optionalInteger, optionalString, requiredString } from '../request.js'
import type { StoredRecord } from '../store/segment.js'
import { throttled } from './put-records.js'
import { describeChildShard } from './shard-description.js'
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
    Records: records.map((record) => describeRecord(record, shard.sequenceNumber)),
    NextShardIterator: isAtEnd ? null : sealIterator(kinesis, nextPosition),
    MillisBehindLatest: hasMore ? millisBehind(nowMs, last) : 0,
    ...(isAtEnd ? { ChildShards: shard.closing?.children.map(describeChildShard) } : {}),
  }
}

/** Zero says that the reader has reached the tip, so it is never said before that, however fresh the records are. */
function millisBehind(nowMs: number, last: StoredRecord | undefined): number {
  return last === undefined ? 1 : Math.max(1, nowMs - last.arrivalMs)
}

function describeRecord(record: StoredRecord, sequenceNumber: (counter: number) => string): JsonObject {
  return {
    SequenceNumber: sequenceNumber(record.counter),
    ApproximateArrivalTimestamp: record.arrivalMs / 1000,
    Data: record.dataBase64,
    PartitionKey: record.partitionKey,
    EncryptionType: 'NONE',
  }
}
