import type { JsonObject } from '../request.js'
import type { HashRange } from '../store/hash-range.js'
import type { StoredRecord } from '../store/segment.js'
import type { Shard } from '../store/shard.js'
import type { Stream } from '../store/stream.js'

/** A shard as DescribeStream and ListShards show it. */
export function describeShard(shard: Shard): JsonObject {
  const [parent, adjacent] = shard.parents
  return {
    ShardId: shard.id,
    ...(parent === undefined ? {} : { ParentShardId: parent.id }),
    ...(adjacent === undefined ? {} : { AdjacentParentShardId: adjacent.id }),
    HashKeyRange: describeHashRange(shard.hashRange),
    SequenceNumberRange: {
      StartingSequenceNumber: shard.sequenceNumber(shard.startingCounter),
      ...(shard.closing === undefined
        ? {}
        : { EndingSequenceNumber: shard.sequenceNumber(shard.closing.endingCounter) }),
    },
  }
}

/** A shard as GetRecords names it to the reader of a closed parent. */
export function describeChildShard(shard: Shard): JsonObject {
  return {
    ShardId: shard.id,
    ParentShards: shard.parents.map((parent) => parent.id),
    HashKeyRange: describeHashRange(shard.hashRange),
  }
}

function describeHashRange(range: HashRange): JsonObject {
  return { StartingHashKey: range.start.toString(), EndingHashKey: range.end.toString() }
}

/** Zero says that the reader has reached the tip, so it is never said before that, however fresh the records are. */
export function millisBehind(nowMs: number, last: StoredRecord | undefined): number {
  return last === undefined ? 1 : Math.max(1, nowMs - last.arrivalMs)
}

export function describeRecord(record: StoredRecord, shard: Shard, stream: Stream): JsonObject {
  return {
    SequenceNumber: shard.sequenceNumber(record.counter),
    ApproximateArrivalTimestamp: record.arrivalMs / 1000,
    Data: record.dataBase64,
    PartitionKey: record.partitionKey,
    EncryptionType: encryptionOf(stream),
  }
}

export function encryptionOf(stream: Stream): 'NONE' | 'KMS' {
  return stream.configuration.keyId === undefined ? 'NONE' : 'KMS'
}
