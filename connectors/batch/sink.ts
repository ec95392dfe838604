import type { Sink, WriterContext } from '../../core/connector.js'
import { BatchWriter } from '../batching/writer.js'
import { type Reject, withDeadLetters } from '../dead-letters/with-dead-letters.js'
import { gaveUp, type Place } from './errors.js'
import { closeBatch, openBatch } from './opening.js'
import { type BatchSinkOptions, type BatchSinkSettings, settingsOf } from './options.js'
import { type RowRecord, RowRecords } from './row-records.js'
import { WriteCalls } from './write-calls.js'

/**
 * Rows to any service that takes many at once, through a function of yours; batches, retries, order, time-outs and dead
 * letters are seen to. At least once: what a checkpoint contains was taken by the service before, so nothing is lost, and a
 * restart sends the rows since the last checkpoint again; so does a call whose answer got lost.
 * @param kind what is written to, for people: `http`, `clickhouse`
 * @throws TidemarkError OPTION_INVALID
 * @example
 * cells.to('out', batchSink('http', {
 *   write: async (rows, { signal }) => {
 *     const answer = await fetch(url, { method: 'POST', body: JSON.stringify(rows), signal })
 *     if (!answer.ok) return { retry: `status ${answer.status}` }
 *   },
 * }))
 */
export function batchSink<T, O = undefined>(kind: string, options: BatchSinkOptions<T, O>): Sink<T> {
  const settings = settingsOf('batchSink', kind, options)
  const { maxRecordsPerCall } = settings.numbers
  return withDeadLetters<T>(
    {
      kind,
      guarantee: 'at-least-once',
      describe: () =>
        `up to ${maxRecordsPerCall} rows a call${settings.orderBy === undefined ? '' : ', in order for each key'}`,
      async write(context, reject) {
        const place: Place = { operatorId: context.operatorId, kind }
        return writer(settings, { context, reject, place, opened: await openBatch(settings, context, place) })
      },
    },
    settings.onRejected,
  )
}

/** Codes that are counted apart: `write` may give as many as there are rows. */
const MOST_CODES = 20

interface Opened<O> {
  readonly context: WriterContext
  readonly reject: Reject
  readonly place: Place
  readonly opened: O
}

function writer<T, O>(
  settings: BatchSinkSettings<T, O>,
  { context, reject, place, opened }: Opened<O>,
): BatchWriter<T, RowRecord<T>> {
  const { operatorId, environment, metrics } = context
  const codes = new Set<string>()
  const onRejected: Reject = (letter, problem) => {
    if (codes.size < MOST_CODES) codes.add(letter.code)
    metrics.counter('rejectedRows', { code: codes.has(letter.code) ? letter.code : 'other' }).add()
    reject(letter, problem)
  }
  const rows = new RowRecords<T>({ operatorId, environment, settings, onRejected })
  const calls = new WriteCalls({ context, settings, place, opened })
  return new BatchWriter<T, RowRecord<T>>({
    context,
    numbers: settings.numbers,
    isOrdered: settings.orderBy !== undefined,
    recordsOf: (batch, row, takenAt) => rows.of(batch, row, takenAt),
    send: (records, signal) => calls.send(records, signal),
    onRejected: (record, problem) => rows.reject(record, problem),
    gaveUp: (failure, triedForMs) => gaveUp(place, failure, triedForMs),
    onClose: () => closeBatch(settings, context, { place, opened }),
  })
}
