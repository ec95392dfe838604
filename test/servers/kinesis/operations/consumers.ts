import { AwsError } from '../aws-error.js'
import type { Kinesis, Operation } from '../kinesis.js'
import { MAX_CONSUMERS, MAX_CONSUMERS_IN_CREATION, NEXT_TOKEN_LIFE_MS } from '../quotas.js'
import {
  ARN_RULE,
  CONSUMER_ARN_RULE,
  type JsonObject,
  NAME_RULE,
  optionalInteger,
  optionalString,
  optionalTimestampMs,
  requiredString,
} from '../request.js'
import { type Consumer, statusOf } from '../store/consumers.js'
import type { Stream } from '../store/stream.js'
import { ACCOUNT_ID } from '../store/stream-store.js'
import { resolveActiveStream, resolveStream, streamNotFound } from './resolve-stream.js'

export const registerStreamConsumer: Operation = (kinesis, request) => {
  requiredString(request, 'StreamARN', ARN_RULE)
  const name = requiredString(request, 'ConsumerName', NAME_RULE)
  const stream = resolveActiveStream(kinesis, request)
  const { clock } = kinesis.environment
  const others = stream.consumers.all(clock)
  if (others.some((consumer) => consumer.name === name)) {
    throw new AwsError('ResourceInUseException', `Consumer ${name} under ${of(stream)} already exists.`)
  }
  if (others.length >= MAX_CONSUMERS) {
    throw new AwsError(
      'LimitExceededException',
      `${of(stream)} has ${others.length} registered consumers; ${MAX_CONSUMERS} are allowed.`,
    )
  }
  if (others.filter((consumer) => statusOf(consumer, clock) === 'CREATING').length >= MAX_CONSUMERS_IN_CREATION) {
    throw new AwsError(
      'LimitExceededException',
      `${of(stream)} has ${MAX_CONSUMERS_IN_CREATION} consumers in creation; no more are allowed at a time.`,
    )
  }
  return { Consumer: describe(kinesis, stream.consumers.add(name, clock, kinesis.consumerDelays)) }
}

/** Its subscriptions end at once; its name is free when the deletion has ended. */
export const deregisterStreamConsumer: Operation = (kinesis, request) => {
  const { stream, consumer } = resolveConsumer(kinesis, request)
  const { clock } = kinesis.environment
  if (statusOf(consumer, clock) === 'CREATING') throw notActive(consumer, 'CREATING')
  if (consumer.goneAtMs === undefined) {
    stream.consumers.remove(consumer, clock, kinesis.consumerDelays)
    kinesis.subscriptions.failWhere(
      (subscription) => subscription.consumer === consumer,
      consumerNotFound(consumer.arn),
    )
  }
  return undefined
}

export const describeStreamConsumer: Operation = (kinesis, request) => {
  const { stream, consumer } = resolveConsumer(kinesis, request)
  return { ConsumerDescription: { ...describe(kinesis, consumer), StreamARN: stream.settings.arn } }
}

export const listStreamConsumers: Operation = (kinesis, request) => {
  requiredString(request, 'StreamARN', ARN_RULE)
  const limit = optionalInteger(request, 'MaxResults', { min: 1, max: 10_000 }) ?? 100
  const token = optionalString(request, 'NextToken', { min: 1, max: 1_048_576 })
  const createdMs = optionalTimestampMs(request, 'StreamCreationTimestamp')
  const stream = resolveStream(kinesis, request)
  if (createdMs !== undefined && createdMs !== stream.settings.epoch) throw streamNotFound(stream.settings.name)
  const after = token === undefined ? '' : nameInToken(kinesis, stream, token)
  const { clock } = kinesis.environment
  const rest = stream.consumers.all(clock).filter((consumer) => consumer.name > after)
  const page = rest.slice(0, limit)
  const { name, epoch } = stream.settings
  const claims = { name, epoch, after: page.at(-1)?.name }
  return {
    Consumers: page.map((consumer) => describe(kinesis, consumer)),
    ...(rest.length > page.length ? { NextToken: kinesis.tokens.seal('list-consumers', clock.now(), claims) } : {}),
  }
}

export interface ConsumerOfStream {
  readonly stream: Stream
  readonly consumer: Consumer
}

/** @throws AwsError ResourceNotFoundException, ResourceInUseException */
export function resolveActiveConsumer(kinesis: Kinesis, arn: string): ConsumerOfStream {
  const { stream, consumer } = consumerByArn(kinesis, arn)
  const status = statusOf(consumer, kinesis.environment.clock)
  if (status === 'DELETING') throw consumerNotFound(arn)
  if (status !== 'ACTIVE') throw notActive(consumer, status)
  return { stream, consumer }
}

/** By `ConsumerARN`, or by `StreamARN` and `ConsumerName`; given all, they must agree. */
function resolveConsumer(kinesis: Kinesis, request: JsonObject): ConsumerOfStream {
  const arn = optionalString(request, 'ConsumerARN', CONSUMER_ARN_RULE)
  const streamArn = optionalString(request, 'StreamARN', ARN_RULE)
  const name = optionalString(request, 'ConsumerName', NAME_RULE)
  if (arn === undefined && (streamArn === undefined || name === undefined)) {
    throw new AwsError(
      'InvalidArgumentException',
      'Either ConsumerARN, or both of StreamARN and ConsumerName, must be provided.',
    )
  }
  if (arn !== undefined) {
    const found = consumerByArn(kinesis, arn)
    const agrees =
      (streamArn ?? found.stream.settings.arn) === found.stream.settings.arn &&
      (name ?? found.consumer.name) === found.consumer.name
    if (agrees) return found
    throw new AwsError(
      'InvalidArgumentException',
      `ConsumerARN ${arn} is not that of the consumer that StreamARN and ConsumerName name.`,
    )
  }
  const stream = resolveStream(kinesis, { StreamARN: streamArn })
  const consumer = stream.consumers.find(name!, kinesis.environment.clock) // not undefined: checked above
  if (consumer === undefined) {
    throw new AwsError('ResourceNotFoundException', `Consumer ${name} under ${of(stream)} not found.`)
  }
  return { stream, consumer }
}

function consumerByArn(kinesis: Kinesis, arn: string): ConsumerOfStream {
  const streamArn = arn.slice(0, arn.indexOf('/consumer/'))
  const stream = kinesis.streams.all().find((candidate) => candidate.settings.arn === streamArn)
  const consumer = stream?.consumers.all(kinesis.environment.clock).find((candidate) => candidate.arn === arn)
  if (stream === undefined || consumer === undefined) throw consumerNotFound(arn)
  return { stream, consumer }
}

function describe({ environment }: Kinesis, consumer: Consumer): JsonObject {
  return {
    ConsumerName: consumer.name,
    ConsumerARN: consumer.arn,
    ConsumerStatus: statusOf(consumer, environment.clock),
    ConsumerCreationTimestamp: consumer.createdAtSeconds,
  }
}

function nameInToken(kinesis: Kinesis, stream: Stream, token: string): string {
  const opened = kinesis.tokens.open('list-consumers', token)
  const { name, epoch, after } = opened?.claims ?? {}
  if (opened === undefined || name !== stream.settings.name || epoch !== stream.settings.epoch) {
    throw new AwsError('InvalidArgumentException', 'NextToken is invalid.')
  }
  if (kinesis.environment.clock.now() - opened.issuedAtMs > NEXT_TOKEN_LIFE_MS) {
    throw new AwsError('ExpiredNextTokenException', 'NextToken has expired.')
  }
  return String(after)
}

function consumerNotFound(arn: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Consumer ${arn} not found.`)
}

function notActive({ arn }: Consumer, status: string): AwsError {
  return new AwsError('ResourceInUseException', `Consumer ${arn} is not ACTIVE, but instead in state ${status}.`)
}

function of(stream: Stream): string {
  return `stream ${stream.settings.name} under account ${ACCOUNT_ID}`
}
