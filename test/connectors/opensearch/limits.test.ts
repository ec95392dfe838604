import { expect, test } from 'vitest'
import { Batch } from '../../../core/element.js'
import { documentsIn, openWriter, rowSink, rowsOf, startServer } from './fixture.js'

/** What each bulk call had. */
async function watchedServer() {
  const bytes: number[] = []
  const server = await startServer({
    faults: (request) => {
      if (request.operation === 'bulk') bytes.push(request.bytes)
      return undefined
    },
  })
  return { ...server, bytes }
}

test('no call has more bytes than maxBytesPerCall, but for one document that is larger alone', async () => {
  const { url, bytes } = await watchedServer()
  const document = ({ n }: { n: number }): object => ({ n, text: 'x'.repeat(n === 50 ? 5000 : 100) })
  const { writeThrough } = await openWriter(rowSink(url, { document, maxBytesPerCall: 2000 }))
  await writeThrough(rowsOf(100))
  expect((await documentsIn(url, 'rows')).size).toBe(100)
  expect(bytes.filter((one) => one > 2000)).toHaveLength(1)
  // Not one by one either: 99 documents of about 200 bytes.
  expect(bytes.length).toBeLessThan(25)
})

test('no call has more documents than maxDocumentsPerCall', async () => {
  const { url, bytes } = await watchedServer()
  const { writeThrough } = await openWriter(rowSink(url, { maxDocumentsPerCall: 30 }))
  await writeThrough(rowsOf(90))
  expect(bytes).toHaveLength(3)
})

test.each([
  ['bufferDocuments', { bufferDocuments: 50 }, 50],
  // Each has 200 bytes and some: the one that fills the buffer is still taken.
  ['bufferBytes', { bufferBytes: 2000 }, 10],
] as const)('before the first answer no more is taken than %s; in the end all of it', async (_, options, taken) => {
  const { url, bytes } = await watchedServer()
  const document = ({ n }: { n: number }): object => ({ n, text: 'x'.repeat(100) })
  const { writer, writeThrough } = await openWriter(rowSink(url, { ...options, document }))
  const rows = rowsOf(200)
  const batch = new Batch(rows, new Array<number>(200).fill(0))
  expect(writer.write(batch, 0)).toBe(taken)
  expect(writer.write(batch, taken)).toBe(taken)
  await writeThrough(rows.slice(taken))
  expect((await documentsIn(url, 'rows')).size).toBe(200)
  expect(bytes.length).toBeGreaterThanOrEqual(200 / taken)
})
