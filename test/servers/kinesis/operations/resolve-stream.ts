import { AwsError } from '../aws-error.js'
import type { Kinesis } from '../kinesis.js'
import { ARN_RULE, type JsonObject, NAME_RULE, optionalString } from '../request.js'
import type { Stream } from '../store/stream.js'
import { ACCOUNT_ID } from '../store/stream-store.js'

/** The stream that `StreamName` or `StreamARN` names; given both, they must agree. */
export function resolveStream(kinesis: Kinesis, request: JsonObject): Stream {
  const name = optionalString(request, 'StreamName', NAME_RULE)
  const arn = optionalString(request, 'StreamARN', ARN_RULE)
  const wanted = name ?? arn?.slice(arn.indexOf('stream/') + 'stream/'.length)
  if (wanted === undefined) {
    throw new AwsError('InvalidArgumentException', 'Either StreamName or StreamARN should be provided.')
  }
  const stream = kinesis.streams.find(wanted)
  if (stream === undefined || (arn !== undefined && stream.settings.arn !== arn)) throw streamNotFound(wanted)
  return stream
}

/** The same for calls that read or write data, to which a stream in creation does not exist yet. */
export function resolveActiveStream(kinesis: Kinesis, request: JsonObject): Stream {
  const stream = resolveStream(kinesis, request)
  if (!isActive(kinesis, stream)) throw streamNotFound(stream.settings.name)
  return stream
}

export function isActive(kinesis: Kinesis, stream: Stream): boolean {
  return kinesis.environment.clock.monotonic() >= stream.settings.activeAtMonotonicMs
}

/** For the calls that are of streams with a given number of shards. */
export function refuseOnDemand(stream: Stream, operation: string): void {
  if (stream.configuration.mode === 'PROVISIONED') return
  throw new AwsError(
    'ValidationException',
    `${operation} is not supported for stream ${stream.settings.name} under account ${ACCOUNT_ID}, which is in ON_DEMAND mode.`,
  )
}

export function streamNotFound(name: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Stream ${name} under account ${ACCOUNT_ID} not found.`)
}

export function shardNotFound(shardId: string, streamName: string): AwsError {
  return new AwsError(
    'ResourceNotFoundException',
    `Shard ${shardId} in stream ${streamName} under account ${ACCOUNT_ID} does not exist`,
  )
}
