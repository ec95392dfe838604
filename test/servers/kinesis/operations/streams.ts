import { AwsError } from '../aws-error.js'
import type { Kinesis, Operation } from '../kinesis.js'
import {
  type JsonObject,
  NAME_RULE,
  optionalBoolean,
  optionalInteger,
  optionalObject,
  optionalString,
  requiredString,
  violation,
} from '../request.js'
import type { Stream } from '../store/stream.js'
import { ACCOUNT_ID } from '../store/stream-store.js'
import { STREAM_MODES } from './configuration.js'
import { isActive, resolveStream, streamNotFound } from './resolve-stream.js'
import { describeShard, encryptionOf } from './shard-description.js'
import { tagsOfRequest } from './tags.js'

/** What AWS gives a new on-demand stream. */
const ON_DEMAND_SHARDS = 4
/** That of an account by default; not enforced here. */
const ON_DEMAND_STREAM_LIMIT = 50
const PAGE_RULE = { min: 1, max: 10_000 }

export const createStream: Operation = (kinesis, request) => {
  const name = requiredString(request, 'StreamName', NAME_RULE)
  const shardCount = optionalInteger(request, 'ShardCount', { min: 1, max: 100_000 })
  const modeDetails = optionalObject(request, 'StreamModeDetails')
  const mode =
    modeDetails === undefined
      ? 'PROVISIONED'
      : requiredString(modeDetails, 'StreamMode', { oneOf: STREAM_MODES }, 'streamModeDetails.')
  const tags = tagsOfRequest(request)
  const { clock } = kinesis.environment
  if (mode === 'ON_DEMAND') {
    kinesis.streams.create(name, { mode, shardCount: shardCount ?? ON_DEMAND_SHARDS, tags }, clock)
    return undefined
  }
  if (shardCount === undefined) throw violation(null, 'shardCount', 'Member must not be null')
  kinesis.streams.create(name, { mode: 'PROVISIONED', shardCount, tags }, clock)
  return undefined
}

export const deleteStream: Operation = (kinesis, request) => {
  const stream = resolveStream(kinesis, request)
  const enforced = optionalBoolean(request, 'EnforceConsumerDeletion') ?? false
  const { name } = stream.settings
  if (!enforced && stream.consumers.all(kinesis.environment.clock).length > 0) {
    throw new AwsError(
      'ResourceInUseException',
      `Stream ${name} under account ${ACCOUNT_ID} has registered consumers; deregister them, or set EnforceConsumerDeletion.`,
    )
  }
  kinesis.streams.delete(stream)
  kinesis.subscriptions.failWhere((subscription) => subscription.stream === stream, streamNotFound(name))
  return undefined
}

export const describeStream: Operation = (kinesis, request) => {
  const stream = resolveStream(kinesis, request)
  const limit = optionalInteger(request, 'Limit', PAGE_RULE) ?? 100
  const after = optionalString(request, 'ExclusiveStartShardId', NAME_RULE) ?? ''
  const known = isActive(kinesis, stream) ? stream.shards(kinesis.environment.clock.now()) : []
  const shards = known.filter((shard) => shard.id > after)
  return {
    StreamDescription: {
      ...commonDescription(kinesis, stream),
      HasMoreShards: shards.length > limit,
      Shards: shards.slice(0, limit).map(describeShard),
    },
  }
}

export const describeStreamSummary: Operation = (kinesis, request) => {
  const stream = resolveStream(kinesis, request)
  return {
    StreamDescriptionSummary: {
      ...commonDescription(kinesis, stream),
      ConsumerCount: stream.consumers.all(kinesis.environment.clock).length,
      OpenShardCount: stream.openShards().length,
    },
  }
}

export const describeLimits: Operation = ({ streams }) => ({
  ShardLimit: streams.settings.shardLimit,
  OpenShardCount: streams.openShards,
  OnDemandStreamCount: streams.all().filter((stream) => stream.configuration.mode === 'ON_DEMAND').length,
  OnDemandStreamCountLimit: ON_DEMAND_STREAM_LIMIT,
})

export const listStreams: Operation = (kinesis, request) => {
  const limit = optionalInteger(request, 'Limit', PAGE_RULE) ?? 100
  const after = optionalString(request, 'ExclusiveStartStreamName', NAME_RULE)
  const token = optionalString(request, 'NextToken', { min: 1, max: 1_048_576 })
  if (after !== undefined && token !== undefined) {
    throw new AwsError(
      'InvalidArgumentException',
      'NextToken and ExclusiveStartStreamName cannot be provided together.',
    )
  }
  const start = after ?? (token === undefined ? '' : nameInToken(kinesis, token))
  const rest = kinesis.streams.all().filter((stream) => stream.settings.name > start)
  const page = rest.slice(0, limit)
  const hasMore = rest.length > page.length
  return {
    StreamNames: page.map((stream) => stream.settings.name),
    StreamSummaries: page.map((stream) => commonSummary(kinesis, stream)),
    HasMoreStreams: hasMore,
    ...(hasMore ? { NextToken: pageToken(kinesis, page.at(-1)!) } : {}),
  }
}

function pageToken(kinesis: Kinesis, last: Stream): string {
  return kinesis.tokens.seal('list-streams', kinesis.environment.clock.now(), { after: last.settings.name })
}

function nameInToken(kinesis: Kinesis, token: string): string {
  const { after } = kinesis.tokens.open('list-streams', token)?.claims ?? {}
  if (typeof after !== 'string') throw new AwsError('InvalidArgumentException', 'NextToken is invalid.')
  return after
}

function commonSummary(kinesis: Kinesis, stream: Stream): JsonObject {
  return {
    StreamName: stream.settings.name,
    StreamARN: stream.settings.arn,
    StreamStatus: isActive(kinesis, stream) ? 'ACTIVE' : 'CREATING',
    StreamModeDetails: { StreamMode: stream.configuration.mode },
    StreamCreationTimestamp: stream.settings.epoch / 1000,
  }
}

function commonDescription(kinesis: Kinesis, stream: Stream): JsonObject {
  const { keyId } = stream.configuration
  return {
    ...commonSummary(kinesis, stream),
    RetentionPeriodHours: Math.max(1, Math.round(stream.configuration.retentionMs / 3_600_000)),
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: encryptionOf(stream),
    ...(keyId === undefined ? {} : { KeyId: keyId }),
  }
}
