import type { Sink, WriterContext } from '../../../core/connector.js'
import { BatchWriter } from '../../batching/writer.js'
import { type Reject, withDeadLetters } from '../../dead-letters/with-dead-letters.js'
import { type ClientLease, sharedClient } from '../client.js'
import { shownStream } from '../stream-name.js'
import { Aggregates } from './aggregates.js'
import { gaveUp } from './failure.js'
import { type KinesisSinkOptions, type KinesisSinkSettings, sinkSettingsOf } from './options.js'
import type { OutgoingRecord } from './outgoing.js'
import { put } from './put.js'
import { PutPace } from './put-pace.js'
import { RowRecords } from './row-records.js'

/**
 * Rows as records of a Kinesis stream. At least once: what a checkpoint contains was acknowledged before, so nothing is
 * lost, and a restart puts the rows since the last checkpoint again; so does a call whose answer got lost.
 * Needs `@aws-sdk/client-kinesis`.
 * @throws TidemarkError OPTION_INVALID
 * @example cells.to('out', kinesisSink({ stream: 'cells', partitionKey: (cell) => cell.key, encode: jsonBytes() }))
 */
export function kinesisSink<T>(options: KinesisSinkOptions<T>): Sink<T> {
  const settings = sinkSettingsOf('kinesisSink', options)
  const shared = sharedClient('kinesisSink', settings.aws)
  const { stream, isOrdered, aggregate, onRejected } = settings
  return withDeadLetters<T>(
    {
      kind: 'kinesis',
      guarantee: 'at-least-once',
      describe: () =>
        [shownStream(stream), isOrdered ? 'in order for each key' : '', aggregate ? 'aggregated' : '']
          .filter((part) => part !== '')
          .join(', '),
      async write(context, reject) {
        return writer(settings, { context, reject, lease: await shared.lease() })
      },
    },
    onRejected,
  )
}

interface Opened {
  readonly context: WriterContext
  readonly reject: Reject
  readonly lease: ClientLease
}

function writer<T>(
  settings: KinesisSinkSettings<T>,
  { context, reject, lease }: Opened,
): BatchWriter<T, OutgoingRecord> {
  const { numbers, stream, isOrdered, aggregate } = settings
  const { operatorId, environment, metrics } = context
  const onRejected: Reject = (letter, problem) => {
    metrics.counter('rejectedRows', { code: letter.code }).add()
    reject(letter, problem)
  }
  const rows = new RowRecords<T>({ operatorId, environment, settings, onRejected })
  const place = { operatorId, stream: shownStream(stream), endpoint: lease.endpoint }
  const written = metrics.counter('rows')
  return new BatchWriter<T, OutgoingRecord>({
    context,
    numbers,
    isOrdered,
    pace: new PutPace(numbers.parallelCalls, environment.clock.monotonic()),
    packer: aggregate && new Aggregates(aggregate, numbers.maxDelayMs),
    bufferedGauge: 'bufferedRows',
    recordsOf: (batch, row, takenAt) => rows.of(batch, row, takenAt),
    send: (records, signal) => put({ lease, stream, context: place }, records, signal),
    onTaken: ({ packed }) => written.add(packed?.records ?? 1),
    // Kinesis says of no record that it will never take it.
    onRejected: (_, problem) => {
      throw problem
    },
    gaveUp: (failure, triedForMs) => gaveUp(failure, place, triedForMs),
    onClose: () => lease.release(),
  })
}
