/*
 * The Kinesis sink's types: rows are inferred from the stream, and options that contradict each other do not compile.
 * The compiler is the test.
 */
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { count, type DeadLetter, defineJob, hours, type Sink, type Stream, tumbling } from 'tidemark'
import { deadLetterLines, fileSink } from 'tidemark/file'
import { jsonBytes, kinesisSink } from 'tidemark/kinesis'

interface Trip {
  readonly cell: string
  readonly fare: number
}

declare const trips: Stream<Trip>
declare const client: KinesisClient
declare const letters: Sink<DeadLetter>
declare const numbers: Sink<number>

export const sinks = defineJob('kinesis-sinks', () => {
  const encode = jsonBytes<Trip>()
  trips.to('rows', kinesisSink({ stream: 'a', partitionKey: (trip) => trip.cell, encode: (trip) => `${trip.fare}` }))
  const perCell = trips.keyBy((trip) => trip.cell).window(tumbling(hours(1)))
  perCell
    .aggregate('cells', { trips: count() })
    .to(
      'cells',
      kinesisSink({ streamArn: 'arn', partitionKey: (cell) => cell.key, encode: jsonBytes({ newline: true }) }),
    )
  trips.to('bytes', kinesisSink({ stream: 'a', partitionKey: 'random', encode: () => new Uint8Array(), client }))
  trips.to(
    'all',
    kinesisSink({
      stream: 'a',
      partitionKey: ({ fare }) => fare,
      explicitHashKey: ({ fare }) => (fare > 7 ? 7n : undefined),
      encode,
      ordering: 'perKey',
      aggregate: { groups: 64 },
      onRejected: { deadLetters: fileSink({ path: 'dead', format: deadLetterLines() }) },
      region: 'eu-west-1',
      assumeRole: { roleArn: 'arn', externalId: 'x' },
      clientConfig: { maxAttempts: 1 },
    }),
  )

  // @ts-expect-error a column that the row does not have
  trips.to('wrong', kinesisSink({ stream: 'a', partitionKey: (trip) => trip.airport, encode }))
  // @ts-expect-error no partition key
  trips.to('no-key', kinesisSink({ stream: 'a', encode }))
  // @ts-expect-error no encoder
  trips.to('no-encoder', kinesisSink({ stream: 'a', partitionKey: 'random' }))
  // @ts-expect-error neither stream nor streamArn
  trips.to('no-stream', kinesisSink({ partitionKey: 'random', encode }))
  // @ts-expect-error both stream and streamArn
  trips.to('two-streams', kinesisSink({ stream: 'a', streamArn: 'arn', partitionKey: 'random', encode }))
  // @ts-expect-error a client, and how to make another one
  trips.to('two-clients', kinesisSink({ stream: 'a', partitionKey: 'random', encode, client, region: 'eu-west-1' }))
  // @ts-expect-error an encoder that has to be waited for
  trips.to('async', kinesisSink({ stream: 'a', partitionKey: 'random', encode: async () => 'x' }))
  const onRejected = { deadLetters: numbers }
  // @ts-expect-error a sink of something else than dead letters
  trips.to('numbers', kinesisSink({ stream: 'a', partitionKey: 'random', encode, onRejected }))
  trips.to(
    'letters',
    kinesisSink({ stream: 'a', partitionKey: 'random', encode, onRejected: { deadLetters: letters } }),
  )
})
