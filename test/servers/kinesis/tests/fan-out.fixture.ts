import {
  type Consumer,
  type KinesisClient,
  RegisterStreamConsumerCommand,
  type ShardIteratorType,
  SubscribeToShardCommand,
  type SubscribeToShardEvent,
} from '@aws-sdk/client-kinesis'
import { onTestFinished } from 'vitest'

export const STREAM_ARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/taxi'

export async function register(client: KinesisClient, name = 'reader'): Promise<Consumer> {
  const { Consumer } = await client.send(
    new RegisterStreamConsumerCommand({ StreamARN: STREAM_ARN, ConsumerName: name }),
  )
  if (Consumer === undefined) throw new Error('no consumer in the answer')
  return Consumer
}

export interface Subscribing {
  readonly consumer: Pick<Consumer, 'ConsumerARN'>
  readonly shardId?: string
  readonly type?: ShardIteratorType
  readonly sequenceNumber?: string | undefined
  readonly timestamp?: Date
}

export interface Subscribed {
  /** All that came so far. */
  readonly events: readonly SubscribeToShardEvent[]
  /** `ended`, or the name of the error that the stream of events ended with. */
  readonly ending: Promise<string>
  texts(): readonly string[]
  /** Resolves when so many records have come. */
  until(records: number): Promise<void>
  /** The client goes away. */
  leave(): void
}

/** Rejects with what the call is refused with; reads on in the background. */
export async function subscribe(client: KinesisClient, what: Subscribing): Promise<Subscribed> {
  const { consumer, shardId = 'shardId-000000000000', type = 'TRIM_HORIZON', sequenceNumber, timestamp } = what
  const leaving = new AbortController()
  const { EventStream } = await client.send(
    new SubscribeToShardCommand({
      ConsumerARN: consumer.ConsumerARN,
      ShardId: shardId,
      StartingPosition: { Type: type, SequenceNumber: sequenceNumber, Timestamp: timestamp },
    }),
    { abortSignal: leaving.signal },
  )
  const events: SubscribeToShardEvent[] = []
  const texts = (): readonly string[] =>
    events.flatMap((event) => (event.Records ?? []).map((record) => Buffer.from(record.Data ?? []).toString()))
  let came = (): void => {}
  const read = async (): Promise<string> => {
    try {
      for await (const { SubscribeToShardEvent } of EventStream ?? []) {
        if (SubscribeToShardEvent !== undefined) events.push(SubscribeToShardEvent)
        came()
      }
      return 'ended'
    } catch (thrown) {
      return thrown instanceof Error ? thrown.name : String(thrown)
    }
  }
  const ending = read()
  onTestFinished(() => leaving.abort())
  return {
    events,
    ending,
    texts,
    until: (records) =>
      new Promise((resolve) => {
        came = () => {
          if (texts().length >= records) resolve()
        }
        came()
      }),
    leave: () => leaving.abort(),
  }
}
