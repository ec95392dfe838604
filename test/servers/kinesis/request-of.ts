import type { KinesisRequest } from './faults.js'
import type { Kinesis } from './kinesis.js'
import type { KinesisOperationName } from './operations/names.js'
import type { JsonObject } from './request.js'
import { shardIdOf } from './store/shard.js'

const CONSUMER_ARN = /stream\/([^/]+)\/consumer\/([^:]+):/

/** What a call is about, as far as its body says. Nothing is validated. */
export function requestOf(kinesis: Kinesis, operation: KinesisOperationName, body: JsonObject): KinesisRequest {
  const [, streamOfConsumer, consumer] = CONSUMER_ARN.exec(text(body['ConsumerARN'])) ?? []
  const iterator = kinesis.tokens.open('iterator', text(body['ShardIterator']))?.claims
  const streamOfArn = text(body['StreamARN']).split('stream/')[1]
  return {
    operation,
    stream: text(body['StreamName'] ?? streamOfArn ?? streamOfConsumer ?? iterator?.['name']),
    shardId:
      iterator === undefined ? text(body['ShardId'] ?? body['ShardToSplit']) : shardIdOf(Number(iterator['shard'])),
    consumer: consumer ?? text(body['ConsumerName']),
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
