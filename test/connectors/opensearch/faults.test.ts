import { expect, test } from 'vitest'
import { Batch } from '../../../core/element.js'
import { seededRandom } from '../../../core/random.js'
import type { OpenSearchFaultRule } from '../../servers/opensearch/index.js'
import { startLocalOpenSearch } from '../../servers/opensearch/index.js'
import { documentsIn, hurriedEnvironment, openWriter, rowSink, rowsOf, startServer } from './fixture.js'

/** Small calls, so that there are many. */
const SMALL = { maxDocumentsPerCall: 20, parallelCalls: 3 }

const FAULTS: readonly (readonly [string, OpenSearchFaultRule])[] = [
  ['whole calls throttled', { rate: 0.5, fault: { kind: 'throttle' } }],
  ['single documents throttled', { rate: 0.7, fault: { kind: 'failedItems', rate: 0.4 } }],
  ['single documents without a shard', { rate: 0.7, fault: { kind: 'failedItems', rate: 0.4, status: 503 } }],
  ['an unavailable service', { rate: 0.5, fault: { kind: 'unavailable' } }],
  ['replies that are lost', { rate: 0.5, fault: { kind: 'replyLost' } }],
  ['broken connections', { rate: 0.5, fault: { kind: 'resetBefore' } }],
  ["a proxy's page instead of an answer", { rate: 0.5, fault: { kind: 'notJson' } }],
  ['calls that are too large', { fault: { kind: 'tooLarge', overBytes: 700 } }],
]

test.each(FAULTS)('nothing is lost or doubled: %s', async (_, rule) => {
  const { url, faults } = await startServer({ faults: [rule], random: seededRandom(7) })
  const { writeThrough, metrics } = await openWriter(rowSink(url, SMALL), { environment: hurriedEnvironment() })
  const rows = rowsOf(600, 200)
  await writeThrough(rows)
  expect([...(await documentsIn(url, 'rows')).values()]).toEqual(rows.slice(-200))
  expect(faults.injected()[rule.fault.kind]).toBeGreaterThan(3)
  expect(metrics.counter('records').value).toBe(600)
})

test('a document that was applied and not acknowledged is applied once: the second time it is there already', async () => {
  const { url } = await startServer({ faults: [{ nth: 1, fault: { kind: 'replyLost' } }] })
  const { writeThrough, metrics } = await openWriter(rowSink(url), { environment: hurriedEnvironment() })
  await writeThrough(rowsOf(10))
  expect(metrics.counter('alreadyApplied').value).toBe(10)
})

test('a silent server is waited for as long as the option says, on the clock of the job', async () => {
  const { url } = await startServer({ faults: [{ times: 2, fault: { kind: 'silence' } }] })
  const environment = hurriedEnvironment(200)
  const { writeThrough, metrics } = await openWriter(rowSink(url, { callTimeoutMs: 20_000 }), { environment })
  await writeThrough(rowsOf(10))
  expect((await documentsIn(url, 'rows')).size).toBe(10)
  expect(metrics.counter('retries').value).toBeGreaterThanOrEqual(2)
})

test('after a call that was too large, later ones are smaller', async () => {
  const { url, faults } = await startServer({ faults: [{ fault: { kind: 'tooLarge', overBytes: 5000 } }] })
  const { writeThrough, metrics } = await openWriter(rowSink(url, { parallelCalls: 1 }))
  await writeThrough(rowsOf(1000))
  expect((await documentsIn(url, 'rows')).size).toBe(1000)
  const found = faults.injected().tooLarge ?? 0
  expect(found).toBeLessThan(60)
  await writeThrough(rowsOf(1000))
  expect(faults.injected().tooLarge).toBe(found)
  expect(metrics.counter('splits').value).toBe(found)
})

test('one document that is too large for any call is rejected, the others are written', async () => {
  const { url } = await startServer({ maxBodyBytes: 10_000 })
  const document = ({ n }: { n: number }): object => ({ n, text: n === 13 ? 'x'.repeat(20_000) : '' })
  const sink = rowSink(url, { document, onRejected: 'skip' })
  const { writeThrough, metrics } = await openWriter(sink)
  await writeThrough(rowsOf(100))
  const found = await documentsIn(url, 'rows')
  expect(found.size).toBe(99)
  expect(found.has('id-13')).toBe(false)
  expect(metrics.counter('rejectedRows', { code: 'OPENSEARCH_DOCUMENT_REJECTED' }).value).toBe(1)
})

test('a node that goes away and comes back with what it had: everything is there in the end', async () => {
  const first = await startServer()
  const { writeAll, writer } = await openWriter(rowSink(first.url, SMALL), { environment: hurriedEnvironment() })
  await writeAll(rowsOf(300))
  await first.close()
  const flushed = writer.prepareCommit(1)
  const second = await startLocalOpenSearch({ port: first.port, after: first })
  await flushed
  const found = await documentsIn(second.url, 'rows')
  await second.close()
  expect([...found.values()]).toEqual(rowsOf(300))
})

test('what lasts longer than retryForMs ends the job with an error that can be tried again', async () => {
  const { url } = await startServer({ faults: [{ fault: { kind: 'throttle' } }] })
  const environment = hurriedEnvironment()
  const { writeThrough } = await openWriter(rowSink(url, { retryForMs: 2000 }), { environment })
  await expect(writeThrough(rowsOf(5))).rejects.toMatchObject({ code: 'OPENSEARCH_THROTTLED', retryable: true })
})

test('no call can succeed any more: the job fails at once and says why', async () => {
  for (const [status, code] of [
    [401, 'OPENSEARCH_ACCESS_DENIED'],
    [403, 'OPENSEARCH_ACCESS_DENIED'],
    [404, 'OPENSEARCH_REQUEST_REFUSED'],
  ] as const) {
    const { url } = await startServer({ faults: [{ fault: { kind: 'error', status, type: 'no_exception' } }] })
    const { writeThrough } = await openWriter(rowSink(url))
    await expect(writeThrough(rowsOf(5)), String(status)).rejects.toMatchObject({ code, retryable: false })
  }
})

test('while nothing gets through the sink takes no more than its buffer holds', async () => {
  const { url } = await startServer({ faults: [{ fault: { kind: 'resetBefore' } }] })
  const { writer, metrics } = await openWriter(rowSink(url, { bufferDocuments: 50 }))
  const rows = rowsOf(500)
  const batch = new Batch(rows, new Array<number>(500).fill(0))
  expect(writer.write(batch, 0)).toBe(50)
  expect(writer.write(batch, 50)).toBe(50)
  expect(metrics.counter('records').value).toBe(0)
})
