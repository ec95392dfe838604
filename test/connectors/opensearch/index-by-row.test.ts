import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import type { DeadLetter } from '../../../core/connector.js'
import { documentsIn, lettersInto, openWriter, put, type Row, rowSink, startServer } from './fixture.js'

/** Rows of three tenants, of which the second one's index has not what documents need. */
const ROWS: readonly Row[] = ['tenant-a', 'nobody', 'tenant-c', 'nobody'].map((id, n) => ({ id: `${id}!${n}`, n }))
const byTenant = { index: (row: Row) => row.id.replace(/!.*/, ''), maxDocumentsPerCall: 3 }

async function ofTenants(): Promise<string> {
  const { url } = await startServer()
  await put(url, '/_cluster/settings', { persistent: { action: { auto_create_index: 'tenant-*' } } })
  return url
}

test('where rows name their index, one that may not be made rejects its own rows alone', async () => {
  const url = await ofTenants()
  const { writeThrough, metrics } = await openWriter(rowSink(url, { ...byTenant, onRejected: 'skip' }))
  await writeThrough(ROWS)
  for (const n of [0, 2]) expect([...(await documentsIn(url, byTenant.index(ROWS[n]!))).values()]).toEqual([ROWS[n]])
  expect(metrics.counter('rejectedRows', { code: 'OPENSEARCH_INDEX_MISSING' }).value).toBe(2)
})

test('such a row is a dead letter with its document, and by default it fails the job by name', async () => {
  const url = await ofTenants()
  const letters: DeadLetter[] = []
  const { writeThrough } = await openWriter(
    rowSink(url, { ...byTenant, onRejected: { deadLetters: lettersInto(letters) } }),
  )
  await writeThrough(ROWS)
  expect(letters.map(({ code, partitionKey }) => [code, partitionKey])).toEqual([
    ['OPENSEARCH_INDEX_MISSING', 'nobody!1'],
    ['OPENSEARCH_INDEX_MISSING', 'nobody!3'],
  ])
  expect(JSON.parse(new TextDecoder().decode(letters[0]!.raw))).toEqual(ROWS[1])
  expect(letters[0]!.message).toMatch(/there is no index nobody at .* and documents do not make it/)
  const failing = await openWriter(rowSink(url, byTenant))
  await expect(failing.writeThrough(ROWS)).rejects.toMatchObject({ code: 'OPENSEARCH_INDEX_MISSING' })
})

/** Answers `_bulk` as OpenSearch does where the index 'nobody' has a `default_pipeline` that is not there. */
async function withoutPipeline(name: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const actions = (await text(request)).split('\n').filter((line) => line.startsWith('{"index":'))
    const reason = `pipeline with id [${name}] does not exist`
    const refused = { status: 400, error: { type: 'illegal_argument_exception', reason } }
    const items = actions.map((line) => ({ index: line.includes('"_index":"nobody"') ? refused : { status: 201 } }))
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ items }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a default pipeline that one index lacks rejects its rows alone; the one of the option stops the job', async () => {
  const url = await withoutPipeline('gone')
  const options = { preflight: false, onRejected: 'skip' } as const
  const { writeThrough, metrics } = await openWriter(rowSink(url, { ...byTenant, ...options }))
  await writeThrough(ROWS)
  expect(metrics.counter('rejectedRows', { code: 'OPENSEARCH_PIPELINE_MISSING' }).value).toBe(2)
  const missing = { code: 'OPENSEARCH_PIPELINE_MISSING' }
  const named = await openWriter(rowSink(url, { ...byTenant, ...options, pipeline: 'gone' }))
  await expect(named.writeThrough(ROWS)).rejects.toMatchObject(missing)
  const ofOneIndex = await openWriter(rowSink(url, { ...options, index: 'nobody' }))
  await expect(ofOneIndex.writeThrough(ROWS)).rejects.toMatchObject(missing)
})
