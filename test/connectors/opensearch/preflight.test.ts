import { expect, test } from 'vitest'
import { autoCreateIn, makesIndex } from '../../../connectors/opensearch/auto-create.js'
import { engineContext } from '../file/support.js'
import { openWriter, put, rowSink, rowsOf, startServer } from './fixture.js'

const STAMP = { processors: [{ set: { field: 'stamp', value: 'p' } }] }

async function allow(url: string, autoCreate: string): Promise<void> {
  await put(url, '/_cluster/settings', { persistent: { action: { auto_create_index: autoCreate } } })
}

test.each(['typo', 'sta*'])('a pipeline that is not there is named before the first row: %s', async (pipeline) => {
  const { url, requests } = await startServer()
  await put(url, '/_ingest/pipeline/stamp', STAMP)
  await expect(openWriter(rowSink(url, { pipeline, onRejected: 'skip' }))).rejects.toMatchObject({
    code: 'OPENSEARCH_PIPELINE_MISSING',
    message: expect.stringContaining(`expected ingest pipeline '${pipeline}' at ${url}, found none`),
  })
  expect(requests()['bulk']).toBeUndefined()
  await expect(openWriter(rowSink(url, { pipeline: 'stamp' }))).resolves.toBeDefined()
  await expect(openWriter(rowSink(url, { pipeline: '_none' }))).resolves.toBeDefined()
})

test('a pipeline that goes away, or that nobody asked for, stops the job: nothing is skipped', async () => {
  const { url } = await startServer()
  await put(url, '/_ingest/pipeline/stamp', STAMP)
  const opened = await openWriter(rowSink(url, { pipeline: 'stamp', onRejected: 'skip' }))
  await opened.writeThrough(rowsOf(3))
  await fetch(`${url}/_ingest/pipeline/stamp`, { method: 'DELETE' })
  const unasked = await openWriter(rowSink(url, { pipeline: 'typo', onRejected: 'skip', preflight: false }))
  for (const { writeThrough, metrics } of [opened, unasked]) {
    await expect(writeThrough(rowsOf(5))).rejects.toMatchObject({ code: 'OPENSEARCH_PIPELINE_MISSING' })
    expect(metrics.counter('rejectedRows', { code: 'OPENSEARCH_DOCUMENT_REJECTED' }).value).toBe(0)
  }
})

test('an index that documents do not make is named before the first row, and is no fault of a document', async () => {
  const { url } = await startServer()
  await allow(url, 'logs-*,-ro*')
  const missing = { code: 'OPENSEARCH_INDEX_MISSING', message: expect.stringContaining('there is no index rows') }
  await expect(openWriter(rowSink(url, { onRejected: 'skip' }))).rejects.toMatchObject(missing)
  const byTime = await openWriter(rowSink(url, { rotation: 'day', onRejected: 'skip' }))
  await expect(byTime.writeThrough(rowsOf(3), 0)).rejects.toMatchObject({ code: 'OPENSEARCH_INDEX_MISSING' })
  // Deletions need no index.
  const deletions = await openWriter(rowSink(url, { operation: 'delete' }))
  await deletions.writeThrough(rowsOf(3))
  await put(url, '/rows', {})
  const { writeThrough } = await openWriter(rowSink(url))
  await writeThrough(rowsOf(3))
})

test('who may write but not look goes on: the first document tells', async () => {
  const { url, faults } = await startServer()
  const denied = { kind: 'error', status: 403, type: 'security_exception' } as const
  faults.add({ operation: ['pipeline', 'indexExists', 'clusterSettings'], fault: denied })
  const { writeThrough } = await openWriter(rowSink(url))
  await writeThrough(rowsOf(3))
  const piped = await openWriter(rowSink(url, { pipeline: 'typo' }))
  await expect(piped.writeThrough(rowsOf(3))).rejects.toMatchObject({ code: 'OPENSEARCH_PIPELINE_MISSING' })
})

test.each([
  ['pipeline', 'GET /_ingest/pipeline/p', 'cluster:admin/ingest/pipeline/get'],
  ['indexExists', 'HEAD /rows', 'indices:admin/get on index rows'],
  ['clusterSettings', 'GET /_cluster/settings', 'cluster:monitor/state'],
] as const)('the warning names the permission that looking needs: %s', async (operation, question, permission) => {
  const { url, faults } = await startServer()
  await put(url, '/_ingest/pipeline/p', STAMP)
  faults.add({ operation, fault: { kind: 'error', status: 403, type: 'security_exception' } })
  const warnings: unknown[] = []
  const context = engineContext({ operatorId: 'out' })
  const warn = (message: string, fields?: object): void => void warnings.push([message, fields])
  const writer = await rowSink(url, { pipeline: 'p' }).write({
    ...{ ...context, logger: { ...context.logger, warn } },
    ...{ lineage: 'l', generation: 1, claimedAt: 0, restored: [], wake: () => undefined },
  })
  await writer.close()
  const problem = expect.stringMatching(new RegExp(`does not allow it .*; the user needs ${permission}$`))
  expect(warnings).toEqual([[expect.stringContaining(`the answer to ${question}`), { problem }]])
})

test.each([
  ['true', true],
  ['false', false],
  ['rows', true],
  ['ro*', true],
  ['-rows,*', false],
  ['+rows, -*', true],
  ['row', false],
  ['r.ws', false],
] as const)('the setting action.auto_create_index: %s', async (setting, expected) => {
  expect(makesIndex(setting, 'rows')).toBe(expected)
  // The local server decides by code of its own.
  const { url } = await startServer()
  await allow(url, setting)
  const { writeThrough } = await openWriter(rowSink(url, { preflight: false }))
  if (expected) await writeThrough(rowsOf(1))
  else await expect(writeThrough(rowsOf(1))).rejects.toMatchObject({ code: 'OPENSEARCH_INDEX_MISSING' })
})

test('of several settings the transient one holds, then the persistent one; other answers say nothing', () => {
  const [transient, persistent, defaults] = ['a', 'b', 'true'].map((auto_create_index) => ({
    action: { auto_create_index },
  }))
  expect(autoCreateIn({ defaults, persistent, transient })).toBe('a')
  expect(autoCreateIn({ defaults, persistent, transient: {} })).toBe('b')
  expect(autoCreateIn({ defaults })).toBe('true')
  for (const answer of [undefined, null, '<html>', {}, { persistent: { action: {} } }]) {
    expect(autoCreateIn(answer)).toBeUndefined()
  }
})
