import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DeadLetter } from '../../../core/connector.js'
import {
  documentsIn,
  freshIndex,
  lettersInto,
  openWriter,
  put,
  rowSink,
  rowsOf,
  startAnyServer,
  stored,
} from './fixture.js'

/* These run on a real OpenSearch too: npm run test:opensearch. */

let url = ''
let stop = async (): Promise<void> => undefined

beforeAll(async () => {
  const server = await startAnyServer()
  url = server.url
  stop = server.close
})

afterAll(() => stop())

interface Change {
  readonly id: string
  readonly n?: number
  readonly m?: number
  readonly do: 'index' | 'create' | 'update' | 'upsert' | 'delete'
}

const changeOptions = (index: string) => ({
  index,
  id: (row: Change) => row.id,
  operation: (row: Change) => row.do,
  document: ({ n, m }: Change) => ({ ...(n !== undefined && { n }), ...(m !== undefined && { m }) }),
})

test('rows become documents, once each, and a barrier waits for them', async () => {
  const index = freshIndex()
  const { writeThrough, metrics } = await openWriter(rowSink(url, { index, maxDocumentsPerCall: 70, parallelCalls: 3 }))
  const rows = rowsOf(1000)
  await writeThrough(rows)
  expect([...(await documentsIn(url, index)).values()]).toEqual(rows)
  expect(metrics.counter('records').value).toBe(1000)
  expect(metrics.counter('alreadyApplied').value).toBe(0)
})

test('the last of several rows of an id stays, however they were batched', async () => {
  const index = freshIndex()
  const { writeThrough } = await openWriter(rowSink(url, { index, maxDocumentsPerCall: 7, parallelCalls: 8 }))
  await writeThrough(rowsOf(500, 11))
  const expected = rowsOf(500, 11).slice(-11)
  expect([...(await documentsIn(url, index)).values()]).toEqual(expected)
})

test('a later generation writes over an earlier one, and what an earlier one still sends changes nothing', async () => {
  const index = freshIndex()
  const claimedAt = 1_700_000_000_000
  const old = await openWriter(rowSink(url, { index }), { claimedAt })
  await old.writeThrough([{ id: 'a', n: 1 }])
  const next = await openWriter(rowSink(url, { index }), { claimedAt: claimedAt + 1000 })
  await next.writeThrough([{ id: 'a', n: 2 }])
  await old.writeThrough([{ id: 'a', n: 3 }])
  expect((await documentsIn(url, index)).get('a')).toEqual({ id: 'a', n: 2 })
  expect(old.metrics.counter('alreadyApplied').value).toBe(1)
  expect((await stored(url, index, 'a'))._version).toBe((claimedAt / 1000 + 1) * 2 ** 21)
})

test('create, update, upsert and delete, each in the order of its id', async () => {
  const index = freshIndex()
  const { writeThrough } = await openWriter(rowSink(url, changeOptions(index) as object) as never)
  const changes: readonly Change[] = [
    { id: 'a', do: 'create', n: 1 },
    { id: 'a', do: 'create', n: 2 },
    { id: 'a', do: 'update', m: 3 },
    { id: 'b', do: 'upsert', n: 4 },
    { id: 'b', do: 'upsert', m: 5 },
    { id: 'c', do: 'index', n: 6, m: 6 },
    { id: 'c', do: 'index', n: 7 },
    { id: 'd', do: 'index', n: 8 },
    { id: 'd', do: 'delete' },
    { id: 'never', do: 'delete' },
  ]
  await writeThrough(changes as never)
  expect(Object.fromEntries(await documentsIn<object>(url, index))).toEqual({
    a: { n: 1, m: 3 },
    b: { n: 4, m: 5 },
    c: { n: 7 },
  })
})

test('a deleted document comes back by a later row alone', async () => {
  const index = freshIndex()
  const { writeThrough } = await openWriter(rowSink(url, changeOptions(index) as object) as never)
  await writeThrough([
    { id: 'a', do: 'index', n: 1 },
    { id: 'a', do: 'delete' },
    { id: 'a', do: 'index', n: 2 },
  ] as never)
  expect(Object.fromEntries(await documentsIn(url, index))).toEqual({ a: { n: 2 } })
})

test('a merged session removes the sessions that it replaces', async () => {
  const index = freshIndex()
  const replaced = new Map([['user@0-60', ['user@0-20', 'user@30-60', 'user@0-60']]])
  const { writeThrough } = await openWriter(rowSink(url, { index, replaces: (row) => replaced.get(row.id) ?? [] }))
  await writeThrough([
    { id: 'user@0-20', n: 1 },
    { id: 'user@30-60', n: 2 },
    { id: 'user@90-99', n: 3 },
    { id: 'user@0-60', n: 4 },
  ])
  expect([...(await documentsIn(url, index)).keys()]).toEqual(['user@90-99', 'user@0-60'])
})

test('an update of what is not there is rejected, its index made or not', async () => {
  const index = freshIndex()
  const { writeThrough } = await openWriter(rowSink(url, { index, operation: 'update' }))
  await expect(writeThrough([{ id: 'a', n: 1 }])).rejects.toMatchObject({
    code: 'OPENSEARCH_DOCUMENT_REJECTED',
    message: expect.stringContaining('document_missing_exception'),
  })
})

test("templates are there before the first document; what does not fit goes to the dead letters, with OpenSearch's words", async () => {
  const index = freshIndex()
  const mappings = { properties: { n: { type: 'long' }, at: { type: 'geo_point' } } }
  const templates = [{ name: index, body: { index_patterns: [`${index}*`], priority: 7, template: { mappings } } }]
  const letters: DeadLetter[] = []
  const { writeThrough, metrics } = await openWriter(
    rowSink(url, {
      index,
      templates,
      document: ({ n }) => (n % 100 === 7 ? { n: 'seven' } : { n, at: 'dr5regw' }),
      onRejected: { deadLetters: lettersInto(letters) },
    }),
  )
  await writeThrough(rowsOf(1000))
  expect((await documentsIn(url, index)).size).toBe(990)
  expect(metrics.counter('rejectedRows', { code: 'OPENSEARCH_DOCUMENT_REJECTED' }).value).toBe(10)
  expect(letters).toHaveLength(10)
  expect(letters.map(({ partitionKey }) => partitionKey).sort()).toEqual(
    rowsOf(1000)
      .filter(({ n }) => n % 100 === 7)
      .map(({ id }) => id)
      .sort(),
  )
  expect(letters[0]).toMatchObject({ code: 'OPENSEARCH_DOCUMENT_REJECTED', operatorId: 'out' })
  expect(Buffer.from(letters[0]!.raw).toString()).toBe('{"n":"seven"}')
  expect(letters[0]?.message).toContain('failed to parse field [n] of type [long]')
})

test('rotation and placeholders put rows into the indices of their event time', async () => {
  const index = freshIndex()
  const at = Date.UTC(2026, 10, 21, 13, 5)
  for (const [rotation, name] of [
    ['hour', '-2026-11-21-13'],
    ['week', '-2026-w47'],
  ] as const) {
    const { writeThrough } = await openWriter(rowSink(url, { index, rotation }))
    await writeThrough([{ id: 'a', n: 1 }], at)
    expect((await documentsIn(url, `${index}${name}`)).size).toBe(1)
  }
})

test('routing is given with each document that has one, also with the deletions that it brings', async () => {
  const index = freshIndex()
  await put(url, `/${index}`, { mappings: { _routing: { required: true } } })
  const routing = ({ id }: { id: string }): string => `to-${id[0]}`
  const replaces = ({ n }: { n: number }): string[] => (n === 3 ? ['a1'] : [])
  const { writeThrough } = await openWriter(rowSink(url, { index, routing, replaces }))
  const rows = [
    { id: 'a1', n: 1 },
    { id: 'b1', n: 2 },
    { id: 'a2', n: 3 },
  ]
  await writeThrough(rows)
  expect([...(await documentsIn(url, index)).keys()]).toEqual(['b1', 'a2'])
  expect(await stored(url, index, 'b1', 'to-b')).toMatchObject({ _routing: 'to-b', _source: { n: 2 } })
  // One that has none is for the index to refuse.
  const { writeThrough: unrouted } = await openWriter(rowSink(url, { index, routing: () => undefined }))
  await expect(unrouted([{ id: 'c', n: 4 }])).rejects.toMatchObject({
    code: 'OPENSEARCH_DOCUMENT_REJECTED',
    message: expect.stringContaining('routing is required'),
  })
})

test('documents go through the pipeline; what it drops is not there, what it fails is rejected', async () => {
  const index = freshIndex()
  const pipelines = ['set', 'drop', 'fail'] as const
  const settings = { set: { field: 'stamp', value: 'p' }, drop: {}, fail: { message: 'not this one' } }
  for (const kind of pipelines) {
    await put(url, `/_ingest/pipeline/${index}-${kind}`, { processors: [{ [kind]: settings[kind] }] })
  }
  const set = await openWriter(rowSink(url, { index, pipeline: `${index}-set` }))
  await set.writeThrough(rowsOf(3))
  expect([...(await documentsIn(url, index)).values()]).toEqual(rowsOf(3).map((row) => ({ ...row, stamp: 'p' })))
  const drop = await openWriter(rowSink(url, { index, pipeline: `${index}-drop` }))
  await drop.writeThrough([{ id: 'dropped', n: 9 }])
  expect((await documentsIn(url, index)).size).toBe(3)
  const fail = await openWriter(rowSink(url, { index, pipeline: `${index}-fail` }))
  await expect(fail.writeThrough([{ id: 'failed', n: 9 }])).rejects.toMatchObject({
    code: 'OPENSEARCH_DOCUMENT_REJECTED',
    message: expect.stringContaining('not this one'),
  })
})

test('without versions the write that comes last is the one that stays, whoever wrote it', async () => {
  const index = freshIndex()
  const claimedAt = 1_700_000_000_000
  const next = await openWriter(rowSink(url, { index, versions: 'none' }), { claimedAt: claimedAt + 1000 })
  await next.writeThrough([{ id: 'a', n: 2 }])
  const old = await openWriter(rowSink(url, { index, versions: 'none' }), { claimedAt })
  await old.writeThrough([{ id: 'a', n: 1 }])
  expect(await stored(url, index, 'a')).toMatchObject({ _version: 2, _source: { n: 1 } })
  expect(old.metrics.counter('alreadyApplied').value).toBe(0)
})

test("versions of the rows' own decide, across writers and above 2^53", async () => {
  const index = freshIndex()
  const versions = ({ n }: { n: number }): bigint => 2n ** 60n + BigInt(n)
  const first = await openWriter(rowSink(url, { index, versions }))
  await first.writeThrough([
    { id: 'a', n: 5 },
    { id: 'b', n: 1 },
  ])
  const second = await openWriter(rowSink(url, { index, versions }), { claimedAt: 2_000_000_000_000 })
  await second.writeThrough([
    { id: 'a', n: 4 },
    { id: 'b', n: 2 },
  ])
  expect([...(await documentsIn(url, index)).values()]).toEqual([
    { id: 'b', n: 2 },
    { id: 'a', n: 5 },
  ])
  expect(second.metrics.counter('alreadyApplied').value).toBe(1)
})
