/*
 * The batch sink's types: rows are inferred from the stream, what `open` gives reaches `write` and `close`, and what is no
 * answer does not compile. The compiler is the test.
 */
import { count, type DeadLetter, defineJob, hours, type Sink, type Stream, seconds, tumbling } from 'tidemark'
import { type BatchAnswer, type BatchContext, batchSink, type RowAnswer } from 'tidemark/batch'
import { deadLetterLines, fileSink } from 'tidemark/file'
import { type Same, yes } from './same.js'

interface Trip {
  readonly cell: string
  readonly fare: number
}

interface Client {
  insert(rows: readonly unknown[]): Promise<void>
  end(): Promise<void>
}

declare const trips: Stream<Trip>
declare const letters: Sink<DeadLetter>
declare const numbers: Sink<number>
declare function connect(): Promise<Client>
declare function send(rows: readonly Trip[]): Promise<number[]>
declare function insert(rows: readonly Trip[], context: BatchContext): Promise<void>

export const sinks = defineJob('batch-sinks', () => {
  trips.to(
    'rows',
    batchSink('rows', {
      write: async (rows, { opened, signal, attempt, logger }) => {
        yes<Same<typeof rows, readonly Trip[]>>()
        yes<Same<typeof opened, undefined>>()
        logger.debug(`attempt ${attempt}`, { isAborted: signal.aborted })
      },
    }),
  )
  trips.to('function', batchSink('function', { write: insert }))
  trips.to(
    'literals',
    batchSink('a', { write: async (rows) => rows.map(({ fare }) => (fare < 0 ? { reject: 'x' } : 'ok')) }),
  )
  trips.to('sometimes', batchSink('a', { write: async (rows) => (rows.length > 7 ? { split: 'many' } : undefined) }))
  trips.to(
    'early',
    batchSink('a', {
      write: async (rows) => {
        const sent = await send(rows)
        if (sent.length === 0) return { fail: 'no table' }
        if (sent.length === 1) return { retry: 'busy', isThrottled: true }
        return sent.map((status): RowAnswer => (status === 200 ? 'ok' : { retry: `${status}` }))
      },
    }),
  )
  trips.to(
    'client',
    batchSink('client', {
      open: () => connect(),
      write: (rows, { opened }) => opened.insert(rows),
      close: (opened) => opened.end(),
      maxBatch: 100,
      bytesOf: ({ cell }) => cell.length,
      maxBytes: 1000,
      maxAge: seconds(1),
      maxInFlight: 2,
      orderBy: ({ cell }) => cell,
      retryFor: seconds(60),
      callTimeout: seconds(10),
      onRejected: { deadLetters: fileSink({ path: 'dead', format: deadLetterLines() }) },
    }),
  )
  trips
    .keyBy((trip) => trip.cell)
    .window(tumbling(hours(1)))
    .aggregate('cells', { trips: count() })
    .to(
      'cells',
      batchSink('cells', { write: async ([cell]) => yes<Same<NonNullable<typeof cell>['trips'], number>>() }),
    )
  trips.to('letters', batchSink('a', { write: insert, onRejected: { deadLetters: letters } }))

  // @ts-expect-error no write
  trips.to('no-write', batchSink('a', {}))
  // @ts-expect-error no name
  trips.to('no-name', batchSink({ write: insert }))
  // @ts-expect-error a write that does not wait
  trips.to('not-async', batchSink('a', { write: () => [] }))
  // @ts-expect-error the answer of the service instead of what became of the rows
  trips.to('response', batchSink('a', { write: () => fetch('http://a') }))
  // @ts-expect-error numbers are no answers
  trips.to('numbers', batchSink('a', { write: async (rows) => rows.map(() => 200) }))
  // @ts-expect-error one row is no reason to fail the job: reject it
  trips.to('fail-row', batchSink('a', { write: async (rows) => rows.map(() => ({ fail: 'x' })) }))
  // @ts-expect-error all rows at once cannot be rejected
  trips.to('reject-all', batchSink('a', { write: async () => ({ reject: 'x' }) }))
  // @ts-expect-error a reason is text
  trips.to('reason', batchSink('a', { write: async () => ({ retry: true }) }))
  // @ts-expect-error a column that the row does not have
  trips.to('column', batchSink('a', { write: insert, orderBy: (trip) => trip.airport }))
  // @ts-expect-error rows of another kind
  trips.to('rows-of-others', batchSink('a', { write: async (rows: readonly { readonly id: string }[]) => void rows }))
  // @ts-expect-error an object as a key
  trips.to('key', batchSink('a', { write: insert, orderBy: (trip) => ({ cell: trip.cell }) }))
  // @ts-expect-error a limit of bytes that nobody counts
  trips.to('bytes', batchSink('a', { write: insert, maxBytes: 1000 }))
  // @ts-expect-error a length of time without a unit
  trips.to('age', batchSink('a', { write: insert, maxAge: 100 }))
  const opens = { open: () => connect(), write: async () => {} }
  // @ts-expect-error close gets what open gave
  trips.to('close', batchSink('a', { ...opens, close: (opened: string) => void opened }))
  // @ts-expect-error there is nothing to be opened
  trips.to('not-opened', batchSink('a', { write: async (rows, { opened }) => opened.insert(rows) }))
  // @ts-expect-error a sink of something else than dead letters
  trips.to('no-letters', batchSink('a', { write: insert, onRejected: { deadLetters: numbers } }))
})

// @ts-expect-error two answers at once
export const both: BatchAnswer = { retry: 'x', split: 'y', isTooLarge: true, fail: 3 }
