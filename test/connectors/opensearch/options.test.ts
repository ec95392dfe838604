import { expect, test } from 'vitest'
import { type OpenSearchOptions, openSearch } from '../../../connectors/opensearch/index.js'
import { indexNames, nameProblem } from '../../../connectors/opensearch/index-name.js'
import type { DeadLetter } from '../../../core/connector.js'
import { lettersInto, openWriter, type Row, rowSink, startServer } from './fixture.js'

const GOOD = { node: 'http://127.0.0.1:9200', index: 'rows', id: (row: Row) => row.id }

test.each<readonly [string, object]>([
  ['there is no option', { indx: 'rows' }],
  ['node is a URL', { node: 'search.example:9200' }],
  ['node is a URL', { node: 'https://user:secret@search.example' }],
  ['node is the URL of a node', { node: [] }],
  ['id is a function', { id: 'id' }],
  ['must be in lower case', { index: 'Rows' }],
  ['what it may have are', { index: 'rows-{year}' }],
  ['rotation is one of', { rotation: 'yearly' }],
  ['there is no rotation', { index: () => 'rows', rotation: 'day' }],
  ['operation is one of', { operation: 'put' }],
  ['versions is one of', { versions: 'internal' }],
  ['document is a function', { document: {} }],
  ['pipeline is the name', { pipeline: '' }],
  ['pipeline: OpenSearch runs none for upsert', { pipeline: 'stamp', operation: 'upsert' }],
  ['onRejected is', { onRejected: 'ignore' }],
  ["aws.service is 'es'", { aws: { region: 'eu-west-1' } }],
  ['give one of them', { aws: { service: 'es', region: 'eu-west-1' }, auth: { username: 'a', password: 'b' } }],
  ['client is used as it is', { client: {} }],
  ['maxDocumentsPerCall is a whole number', { maxDocumentsPerCall: 0 }],
  ['maxDelayMs is a number', { maxDelayMs: -1 }],
  ["the body of template 'a'", { templates: [{ name: 'a' }] }],
])('refused: %s (%j)', (message, options) => {
  const make = (): unknown => openSearch({ ...GOOD, ...options } as unknown as OpenSearchOptions<Row>)
  expect(make).toThrow(message)
})

test('what the options say stands in the plan', () => {
  expect(openSearch(GOOD).describe?.()).toBe('rows, index')
  const { describe, guarantee, kind } = openSearch({ ...GOOD, rotation: 'day', operation: () => 'delete' })
  expect([describe?.(), guarantee, kind]).toEqual(['rows by day, operation by row', 'idempotent', 'opensearch'])
})

test.each([
  ['rows', 'none', 'rows'],
  ['rows', 'hour', 'rows-2027-01-03-23'],
  ['rows', 'day', 'rows-2027-01-03'],
  // A Sunday: the week, and its year, are those of the Thursday before.
  ['rows', 'week', 'rows-2026-w53'],
  ['rows', 'month', 'rows-2027-01'],
  ['rows-{yyyy}.{MM}', 'none', 'rows-2027.01'],
] as const)('the index of %s by %s', (index, rotation, name) => {
  expect(indexNames('openSearch', index, rotation).of(Date.UTC(2027, 0, 3, 23, 59))).toBe(name)
})

test('weeks are those of ISO 8601, also across years and before 1970', () => {
  const week = indexNames('openSearch', 'r-{xxxx}{ww}', 'none')
  const days = [
    [2024, 11, 29],
    [2024, 11, 30],
    [2021, 0, 3],
    [2021, 0, 4],
    [1969, 11, 28],
    [1969, 11, 29],
  ] as const
  expect(days.map(([year, month, day]) => week.of(Date.UTC(year, month, day)))).toEqual([
    ...['r-202452', 'r-202501', 'r-202053', 'r-202101', 'r-196952', 'r-197001'],
  ])
})

test('names that OpenSearch refuses are told', () => {
  for (const name of ['', '..', '-a', '_a', 'a b', 'A', 'a/b', 'a*', 'x'.repeat(256)]) {
    expect(nameProblem(name), name).toBeDefined()
  }
  expect(nameProblem('trips-2026.11_a')).toBeUndefined()
})

test('rows that cannot become documents are rejected with the reason, the others are written', async () => {
  const { url } = await startServer()
  const letters: DeadLetter[] = []
  const cycle: { id: string; n: number; self?: unknown } = { id: 'cycle', n: 1 }
  cycle.self = cycle
  const rows: Record<string, unknown>[] = [
    { id: '', n: 1 },
    { id: 'x'.repeat(513), n: 1 },
    { id: '\ud800', n: 1 },
    { id: undefined, n: 1 },
    { id: 'throws', n: 1 },
    { id: 'array', n: 1 },
    cycle,
    { id: 'operation', n: 1 },
    { id: 'version', n: 1 },
    { id: 'index', n: 1 },
    { id: 'good', n: 2 },
    { id: 7n, n: 3 },
  ]
  const sink = rowSink(url, {
    index: ({ id }) => (id === 'index' ? 'Index' : 'rows'),
    operation: ({ id }) => (id === 'operation' ? ('put' as 'index') : 'index'),
    versions: ({ id }) => (id === 'version' ? 1.5 : 1n),
    document: (row) => {
      if (row.id === 'throws') throw new Error('no')
      if (row.id === 'array') return []
      return row.id === 'cycle' ? row : { n: row.n }
    },
    onRejected: { deadLetters: lettersInto(letters) },
  })
  const { writeThrough, metrics } = await openWriter(sink)
  await writeThrough(rows as unknown as Row[])
  expect(letters.map(({ code }) => code)).toEqual([
    ...new Array<string>(4).fill('OPENSEARCH_ID_INVALID'),
    'USER_FUNCTION_FAILED',
    'ROW_INVALID',
    'ROW_INVALID',
    'OPENSEARCH_OPERATION_INVALID',
    'OPENSEARCH_VERSION_INVALID',
    'OPENSEARCH_INDEX_INVALID',
  ])
  expect(metrics.counter('records').value).toBe(2)
  expect(Buffer.from(letters[0]!.raw).toString()).toBe('{"id":"","n":1}')
})

test('a row without a timestamp has no index by time', async () => {
  const { url } = await startServer()
  const { writeThrough } = await openWriter(rowSink(url, { rotation: 'day' }))
  await expect(writeThrough([{ id: 'a', n: 1 }])).rejects.toMatchObject({ code: 'OPENSEARCH_INDEX_INVALID' })
})
