/*
 * The OpenSearch sink's types: rows are inferred from the stream, and options that contradict each other do not compile.
 * The compiler is the test.
 */
import { defineJob, type Sink, type Stream } from 'tidemark'
import { deadLetterLines, fileSink, jsonLines } from 'tidemark/file'
import { type BackupDocument, openSearch } from 'tidemark/opensearch'
import { s3Sink } from 'tidemark/s3'

interface Cell {
  readonly key: string
  readonly pickups: number
}

declare const cells: Stream<Cell>
declare const backup: Sink<BackupDocument>
declare const anything: Sink<unknown>
declare const numbers: Sink<number>
declare const letters: Sink<import('tidemark').DeadLetter>

export const sinks = defineJob('opensearch-sinks', () => {
  const node = 'https://search.example:9200'
  const id = (cell: Cell): string => cell.key
  cells.to('rows', openSearch({ node, index: 'cells', id: (cell) => cell.key }))
  cells.to('backup', openSearch({ node, index: 'cells', id, backup }))
  cells.to('backup-anything', openSearch({ node, index: 'cells', id, backup: anything }))
  cells.to(
    'all',
    openSearch({
      node,
      index: (cell) => (cell.pickups > 3 ? 'hot' : 'cold'),
      id: (cell) => cell.key,
      document: ({ pickups }) => ({ pickups }),
      operation: ({ pickups }) => (pickups === 0 ? 'delete' : 'index'),
      replaces: ({ key }) => [key],
      routing: ({ key }) => key.slice(0, 2),
      pipeline: 'stamp',
      versions: ({ pickups }) => BigInt(pickups),
      backup: s3Sink({ to: 's3://lake/documents', format: jsonLines(), compression: 'gzip' }),
      onRejected: { deadLetters: fileSink({ path: 'dead', format: deadLetterLines() }) },
    }),
  )

  // @ts-expect-error no id
  cells.to('no-id', openSearch({ node, index: 'cells' }))
  // @ts-expect-error a column that the row does not have
  cells.to('wrong', openSearch({ node, index: 'cells', id: (cell) => cell.airport }))
  // @ts-expect-error an id that has to be waited for
  cells.to('async', openSearch({ node, index: 'cells', id: async (cell: Cell) => cell.key }))
  // @ts-expect-error a document that is a text
  cells.to('text', openSearch({ node, index: 'cells', id, document: (cell) => cell.key }))
  // @ts-expect-error the backup is a sink, not a place
  cells.to('backup-path', openSearch({ node, index: 'cells', id, backup: 's3://lake/documents' }))
  // @ts-expect-error a backup of numbers gets documents
  cells.to('backup-numbers', openSearch({ node, index: 'cells', id, backup: numbers }))
  // @ts-expect-error a backup of dead letters gets documents
  cells.to('backup-letters', openSearch({ node, index: 'cells', id, backup: letters }))
  // @ts-expect-error an operation that there is not
  cells.to('put', openSearch({ node, index: 'cells', id, operation: 'put' }))
  // @ts-expect-error neither node nor client
  cells.to('nowhere', openSearch({ index: 'cells', id }))
})
