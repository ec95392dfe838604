import { AwsError } from '../aws-error.js'
import type { Kinesis, Operation } from '../kinesis.js'
import { NEXT_TOKEN_LIFE_MS } from '../quotas.js'
import {
  type JsonObject,
  NAME_RULE,
  optionalInteger,
  optionalObject,
  optionalString,
  optionalTimestampMs,
  requiredString,
} from '../request.js'
import type { Shard } from '../store/shard.js'
import type { Stream } from '../store/stream.js'
import { isActive, resolveStream, streamNotFound } from './resolve-stream.js'
import { describeShard } from './shard-description.js'

const FILTER_TYPES = [
  'AFTER_SHARD_ID',
  'AT_TRIM_HORIZON',
  'FROM_TRIM_HORIZON',
  'AT_LATEST',
  'AT_TIMESTAMP',
  'FROM_TIMESTAMP',
] as const
type FilterType = (typeof FILTER_TYPES)[number]

interface ShardFilter {
  readonly type: FilterType
  readonly shardId?: string
  readonly timestampMs?: number
}

interface Listing {
  readonly stream: Stream
  readonly after: string
  readonly filter: ShardFilter
}

const EVERYTHING: ShardFilter = { type: 'FROM_TRIM_HORIZON' }

export const listShards: Operation = (kinesis, request) => {
  const maxResults = optionalInteger(request, 'MaxResults', { min: 1, max: 10_000 }) ?? 1000
  const token = optionalString(request, 'NextToken', { min: 1, max: 1_048_576 })
  const listing = token === undefined ? listingOfRequest(kinesis, request) : continued(kinesis, request, token)
  const { stream, after, filter } = listing
  if (!isActive(kinesis, stream)) {
    throw new AwsError(
      'ResourceInUseException',
      `Stream ${stream.settings.name} is not ACTIVE, but instead in state CREATING.`,
    )
  }
  const nowMs = kinesis.environment.clock.now()
  const horizonMs = stream.horizonMs(nowMs)
  const rest = stream.shards(nowMs).filter((shard) => shard.id > after && passes(shard, filter, horizonMs))
  const page = rest.slice(0, maxResults)
  return {
    Shards: page.map(describeShard),
    ...(rest.length > page.length ? { NextToken: nextToken(kinesis, listing, page.at(-1)!.id) } : {}),
  }
}

function listingOfRequest(kinesis: Kinesis, request: JsonObject): Listing {
  const stream = resolveStream(kinesis, request)
  const createdMs = optionalTimestampMs(request, 'StreamCreationTimestamp')
  if (createdMs !== undefined && createdMs !== stream.settings.epoch) throw streamNotFound(stream.settings.name)
  const after = optionalString(request, 'ExclusiveStartShardId', NAME_RULE) ?? ''
  const filter = optionalObject(request, 'ShardFilter')
  return { stream, after, filter: filter === undefined ? EVERYTHING : filterOf(filter) }
}

function filterOf(given: JsonObject): ShardFilter {
  const type = requiredString(given, 'Type', { oneOf: FILTER_TYPES }, 'shardFilter.') as FilterType // oneOf proved it
  const shardId = optionalString(given, 'ShardId', NAME_RULE, 'shardFilter.')
  const timestampMs = optionalTimestampMs(given, 'Timestamp')
  if (type === 'AFTER_SHARD_ID' && shardId === undefined) {
    throw new AwsError('InvalidArgumentException', 'ShardId must be provided with the shard filter AFTER_SHARD_ID.')
  }
  if ((type === 'AT_TIMESTAMP' || type === 'FROM_TIMESTAMP') && timestampMs === undefined) {
    throw new AwsError('InvalidArgumentException', `Timestamp must be provided with the shard filter ${type}.`)
  }
  return { type, ...(shardId === undefined ? {} : { shardId }), ...(timestampMs === undefined ? {} : { timestampMs }) }
}

function passes(shard: Shard, filter: ShardFilter, horizonMs: number): boolean {
  const timeMs = Math.max(filter.timestampMs ?? 0, horizonMs)
  switch (filter.type) {
    case 'FROM_TRIM_HORIZON':
      return true
    case 'AT_LATEST':
      return shard.isOpen
    case 'AFTER_SHARD_ID':
      return shard.id > (filter.shardId ?? '')
    case 'AT_TRIM_HORIZON':
      // A stream younger than its retention has the shards it began with at its horizon.
      return shard.wasOpenAt(horizonMs) || (shard.parents.length === 0 && shard.openedAtMs > horizonMs)
    case 'AT_TIMESTAMP':
      return shard.wasOpenAt(timeMs)
    case 'FROM_TIMESTAMP':
      return shard.closing === undefined || shard.closing.atMs > timeMs
  }
}

function nextToken(kinesis: Kinesis, { stream, filter }: Listing, after: string): string {
  const { name, epoch } = stream.settings
  return kinesis.tokens.seal('list-shards', kinesis.environment.clock.now(), { name, epoch, after, filter })
}

/** A token carries the whole request: with it nothing but MaxResults may be given. */
function continued(kinesis: Kinesis, request: JsonObject, token: string): Listing {
  const others = ['StreamName', 'StreamARN', 'StreamCreationTimestamp', 'ExclusiveStartShardId', 'ShardFilter']
  const given = others.find((field) => request[field] !== undefined && request[field] !== null)
  if (given !== undefined) {
    throw new AwsError('InvalidArgumentException', `NextToken and ${given} cannot be provided together.`)
  }
  const opened = kinesis.tokens.open('list-shards', token)
  if (opened === undefined) throw new AwsError('InvalidArgumentException', 'NextToken is invalid.')
  if (kinesis.environment.clock.now() - opened.issuedAtMs > NEXT_TOKEN_LIFE_MS) {
    throw new AwsError('ExpiredNextTokenException', 'NextToken has expired.')
  }
  // Sealed by this server, so it holds what nextToken put in.
  const claims = opened.claims as { name: string; epoch: number; after: string; filter: ShardFilter } & JsonObject
  const stream = kinesis.streams.find(claims.name)
  if (stream === undefined || stream.settings.epoch !== claims.epoch) throw streamNotFound(claims.name)
  return { stream, after: claims.after, filter: claims.filter }
}
