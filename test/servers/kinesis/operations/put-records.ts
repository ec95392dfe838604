import { AwsError } from '../aws-error.js'
import type { Operation } from '../kinesis.js'
import type { Written } from '../on-demand.js'
import { MAX_PUT_BYTES, MAX_PUT_RECORDS, MAX_RECORD_BYTES } from '../quotas.js'
import {
  isJsonObject,
  type JsonObject,
  optionalString,
  requiredBlob,
  requiredList,
  requiredString,
  type StringRule,
} from '../request.js'
import { hashKeyOfDecimal, hashKeyOfPartitionKey } from '../store/hash-range.js'
import type { NewRecord } from '../store/segment.js'
import { SEQUENCE_NUMBER_PATTERN } from '../store/sequence-number.js'
import type { Shard } from '../store/shard.js'
import type { Stream } from '../store/stream.js'
import { ACCOUNT_ID } from '../store/stream-store.js'
import { resolveActiveStream } from './resolve-stream.js'
import { encryptionOf } from './shard-description.js'

const PARTITION_KEY_RULE: StringRule = { min: 1, max: 256 }
export const HASH_KEY_RULE: StringRule = { pattern: /^(0|[1-9]\d{0,38})$/ }

interface Put extends NewRecord {
  readonly hashKey: string
  readonly bytes: number
}

export const putRecord: Operation = (kinesis, request) => {
  const put = readPut(request, '')
  optionalString(request, 'SequenceNumberForOrdering', { pattern: SEQUENCE_NUMBER_PATTERN })
  const stream = resolveActiveStream(kinesis, request)
  const shard = stream.shardOf(put.hashKey)
  if (kinesis.throttles?.admitsWrite(shard, put.bytes) === false) throw throttled(shard, stream)
  const { sequenceNumber } = stream.append(shard, put, kinesis.environment.clock.now())
  stream.trim(shard, kinesis.environment.clock.now())
  kinesis.growth.wrote(stream, shard, { bytes: put.bytes, records: 1 })
  return { ShardId: shard.id, SequenceNumber: sequenceNumber, EncryptionType: encryptionOf(stream) }
}

/** Validated as a whole before anything is stored; only the limits of shards fail single records. */
export const putRecords: Operation = (kinesis, request) => {
  const entries = requiredList(request, 'Records', { min: 1, max: MAX_PUT_RECORDS })
  let bytes = 0
  const puts = entries.map((entry, index) => {
    if (!isJsonObject(entry)) {
      throw new AwsError('SerializationException', `records.${index + 1}.member: expected a structure`)
    }
    const put = readPut(entry, `records.${index + 1}.member.`)
    bytes += put.bytes
    return put
  })
  if (bytes > MAX_PUT_BYTES) {
    throw new AwsError(
      'InvalidArgumentException',
      `Records size exceeds 5 MB limit: ${bytes} bytes with partition keys.`,
    )
  }
  const stream = resolveActiveStream(kinesis, request)
  const nowMs = kinesis.environment.clock.now()
  let failed = 0
  const written = new Map<Shard, Written>()
  const results = puts.map((put) => {
    const shard = stream.shardOf(put.hashKey)
    const isThrottled = kinesis.throttles?.admitsWrite(shard, put.bytes) === false
    const error = isThrottled ? throttled(shard, stream) : kinesis.failsRecord?.()
    if (error !== undefined) {
      failed++
      const { type, message } = error
      return { ErrorCode: type, ErrorMessage: message }
    }
    const sum = written.get(shard)
    if (sum === undefined) written.set(shard, { bytes: put.bytes, records: 1 })
    else {
      sum.bytes += put.bytes
      sum.records++
    }
    return { ShardId: shard.id, SequenceNumber: stream.append(shard, put, nowMs).sequenceNumber }
  })
  for (const [shard, sum] of written) {
    stream.trim(shard, nowMs)
    kinesis.growth.wrote(stream, shard, sum)
  }
  return { FailedRecordCount: failed, Records: results, EncryptionType: encryptionOf(stream) }
}

function readPut(entry: JsonObject, parent: string): Put {
  const data = requiredBlob(entry, 'Data', MAX_RECORD_BYTES, parent)
  const partitionKey = requiredString(entry, 'PartitionKey', PARTITION_KEY_RULE, parent)
  const explicit = optionalString(entry, 'ExplicitHashKey', HASH_KEY_RULE, parent)
  const partitionKeyBytes = Buffer.byteLength(partitionKey)
  const bytes = data.length + partitionKeyBytes
  if (bytes > MAX_RECORD_BYTES) {
    throw new AwsError(
      'InvalidArgumentException',
      `Data and partition key of a record must not exceed ${MAX_RECORD_BYTES} bytes together; found ${bytes}.`,
    )
  }
  const hashKey = explicit === undefined ? hashKeyOfPartitionKey(partitionKey) : hashKeyOfDecimal(explicit)
  if (hashKey === undefined) {
    throw new AwsError(
      'InvalidArgumentException',
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicit}`,
    )
  }
  return { partitionKey, partitionKeyBytes, data, hashKey, bytes }
}

export function throttled(shard: Shard, stream: Stream): AwsError {
  return new AwsError(
    'ProvisionedThroughputExceededException',
    `Rate exceeded for shard ${shard.id} in stream ${stream.settings.name} under account ${ACCOUNT_ID}.`,
  )
}
