import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fileSink, jsonLines } from '../../../connectors/file/index.js'
import { type BackupDocument, type OpenSearchOptions, openSearch } from '../../../connectors/opensearch/index.js'
import type { DeadLetter, Sink } from '../../../core/connector.js'
import { millis } from '../../../core/duration.js'
import { seededRandom } from '../../../core/random.js'
import { fixedDelay } from '../../../runtime/coordinator/restart-strategy.js'
import { run } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { twoPhaseSinkConformance } from '../../conformance/sink/suite.js'
import { ScriptedSource } from '../../job/scripted-source.js'
import { type LocalOpenSearch, startLocalOpenSearch } from '../../servers/opensearch/index.js'
import { IS_WHOLE } from '../../setup/runs.js'
import { copyJob } from '../batching/copy-job.js'
import { engineContext, linesOf, temporaryFolder, visible } from '../file/support.js'
import {
  documentsIn,
  hurriedEnvironment,
  lettersInto,
  openWriter,
  put,
  type Row,
  rowSink,
  rowsOf,
  startServer,
} from './fixture.js'

const backupTo = (path: string): Sink<BackupDocument> => fileSink<BackupDocument>({ path, format: jsonLines() })

/** What the backup shows, as it was written: JSON has no `undefined`. */
async function backedUp(path: string): Promise<BackupDocument[]> {
  return (await linesOf(path)).map((line) => JSON.parse(line) as BackupDocument)
}

/** A backup that keeps what it is given, and when. */
function backupInto(rows: (readonly [BackupDocument, number] | 'watermark')[], room = Number.POSITIVE_INFINITY) {
  let left = room
  const sink: Sink<BackupDocument> = {
    kind: 'list',
    guarantee: 'at-least-once',
    write: ({ wake }) => ({
      write(batch, from) {
        let row = from
        for (; row < batch.length && left > 0; row++, left--) rows.push([batch.values[row]!, batch.timestamps[row]!])
        if (row < batch.length) {
          left = room
          setImmediate(wake)
        }
        return row
      },
      onWatermark: () => void rows.push('watermark'),
      prepareCommit: () => [],
      close: () => undefined,
    }),
  }
  return sink
}

test('the backup has every document as it is sent, with the event time of its row', async () => {
  const { url } = await startServer()
  await put(url, '/rows', { mappings: { properties: { n: { type: 'long' } } } })
  const rows: (readonly [BackupDocument, number])[] = []
  const letters: DeadLetter[] = []
  const { writeThrough } = await openWriter(
    rowSink(url, {
      document: ({ n }) => (n === 3 ? { n: 'three' } : { n }),
      operation: ({ n }) => (n === 2 ? 'upsert' : 'index'),
      replaces: ({ n }) => (n === 4 ? ['a', 'd'] : []),
      routing: ({ n }) => (n === 1 ? 'east' : undefined),
      onRejected: { deadLetters: lettersInto(letters) },
      backup: backupInto(rows as (readonly [BackupDocument, number] | 'watermark')[]),
    }),
  )
  const given: Row[] = ['a', 'b', 'c', '', 'd'].map((id, at) => ({ id, n: id === '' ? 9 : Math.min(at + 1, 4) }))
  await writeThrough(given, 1234)
  const version = (write: number): string => String(1_700_000_000 * 2 ** 21 + write)
  const plain = { index: 'rows', routing: undefined }
  expect(rows).toEqual(
    [
      { ...plain, operation: 'index', id: 'a', routing: 'east', version: version(0), document: { n: 1 } },
      { ...plain, operation: 'upsert', id: 'b', version: undefined, document: { n: 2 } },
      // OpenSearch does not take it: it is a dead letter too.
      { ...plain, operation: 'index', id: 'c', version: version(2), document: { n: 'three' } },
      // The row without an id is a dead letter alone.
      { ...plain, operation: 'delete', id: 'a', version: version(3), document: undefined },
      { ...plain, operation: 'index', id: 'd', version: version(4), document: { n: 4 } },
    ].map((document) => [document, 1234]),
  )
  expect(letters.map(({ code }) => code).sort()).toEqual(['OPENSEARCH_DOCUMENT_REJECTED', 'OPENSEARCH_ID_INVALID'])
  expect([...(await documentsIn(url, 'rows')).keys()]).toEqual(['b', 'd'])
})

test('a backup without room holds the rows up; a watermark waits for what is before it', async () => {
  const { url } = await startServer()
  const rows: (readonly [BackupDocument, number] | 'watermark')[] = []
  const { writer, writeAll } = await openWriter(rowSink(url, { backup: backupInto(rows, 7), bufferDocuments: 20 }))
  await writeAll(rowsOf(100))
  writer.onWatermark?.(1)
  await writer.prepareCommit(1)
  expect(rows.indexOf('watermark')).toBe(100)
  expect(rows.slice(0, 100).map((row) => row !== 'watermark' && row[0].id)).toEqual(rowsOf(100).map(({ id }) => id))
  expect((await documentsIn(url, 'rows')).size).toBe(100)
})

test('what the options say stands in the plan, and a backup is a sink', () => {
  const options: OpenSearchOptions<Row> = { node: 'http://127.0.0.1:9200', index: 'rows', id: ({ id }) => id }
  const { describe: described, guarantee } = openSearch({ ...options, backup: backupTo('out/documents') })
  expect([described?.(), guarantee]).toEqual(['rows, index, documents to file', 'idempotent'])
  expect(() => openSearch({ ...options, backup: 'out/documents' as never })).toThrow('backup is a sink')
})

test('a job that fails again and again, and is killed, backs up each document exactly once', async () => {
  const { url } = await startServer({
    faults: [
      { rate: 0.1, fault: { kind: 'replyLost' } },
      { rate: 0.3, fault: { kind: 'failedItems', rate: 0.2 } },
    ],
    random: seededRandom(5),
  })
  await put(url, '/rows', { mappings: { properties: { n: { type: 'long' } } } })
  const path = await temporaryFolder()
  const to = memoryStore()
  const rows = rowsOf(600, 97)
  const isBad = ({ n }: Row): boolean => n % 100 === 13
  const source = new ScriptedSource([[]])
  const sink = rowSink(url, {
    document: (row) => (isBad(row) ? { ...row, n: 'no number' } : row),
    onRejected: 'skip',
    backup: backupTo(path),
    maxDocumentsPerCall: 40,
  })
  const failAt = new Set([120, 300, 301])
  let reach = (): void => undefined
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const killed = await run(
    copyJob<Row>(source, sink, ({ n }) => {
      if (n % 50 === 40) void killed.checkpoint().catch(() => undefined)
      if (failAt.delete(n)) throw new Error(`row ${n} fails`)
      if (n === 400) reach()
    }),
    {
      environment: hurriedEnvironment(),
      checkpoints: { to, interval: millis(200) },
      restart: fixedDelay({ attempts: 10, delay: millis(10) }),
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    },
  )
  source.push(rows.slice(0, 450))
  await reached
  await killed.cancel()
  expect(failAt.size).toBe(0)
  source.push(rows.slice(450))
  source.end()
  const resumed = await run(
    copyJob<Row>(source, sink, () => undefined),
    { environment: hurriedEnvironment(), checkpoints: { to, resume: true } },
  )
  expect(await resumed.result).toMatchObject({ status: 'finished' })
  const found = await backedUp(path)
  const numberOf = ({ document }: BackupDocument): number => {
    const { id, n } = document as Row
    return typeof n === 'number' ? n : rows.findIndex((row) => row.id === id && isBad(row))
  }
  expect(found.map(numberOf).sort((a, b) => a - b)).toEqual(rows.map(({ n }) => n))
  // With the versions the index follows from the backup.
  const last = new Map<string, BackupDocument>()
  for (const one of found.filter(({ document }) => typeof (document as Row).n === 'number')) {
    const before = last.get(one.id)
    if (before === undefined || BigInt(before.version!) < BigInt(one.version!)) last.set(one.id, one)
  }
  const fromBackup = Object.fromEntries([...last].map(([id, { document }]) => [id, document]))
  expect(fromBackup).toEqual(Object.fromEntries(await documentsIn(url, 'rows')))
})

test('files that a backup goes on with are not forgotten when the option is', async () => {
  const { url } = await startServer()
  const context = {
    ...{ ...engineContext(), lineage: 'l', generation: 1, claimedAt: 0, wake: () => undefined },
    restored: [{ ofBackup: {} }],
  }
  await expect(Promise.resolve(rowSink(url).write(context))).rejects.toMatchObject({ code: 'STATE_WITHOUT_OPERATOR' })
})

describe('a backup in files keeps what is asked of a sink that commits', () => {
  let server: LocalOpenSearch
  let parent = ''
  let worlds = 0
  beforeAll(async () => {
    server = await startLocalOpenSearch()
    parent = await mkdtemp(join(tmpdir(), 'tidemark-'))
  })
  afterAll(async () => {
    await server.close()
    await rm(parent, { recursive: true, force: true })
  })

  const checks = twoPhaseSinkConformance<{ n: number }, object>({
    async start() {
      const index = `world-${worlds++}`
      const path = join(parent, index)
      await mkdir(path)
      return {
        sink: () =>
          openSearch<{ n: number }>({
            node: server.url,
            index,
            id: ({ n }) => n,
            maxDelayMs: 1,
            backup: backupTo(path),
          }),
        row: (n: number) => ({ n }),
        visible: async () =>
          (await visible(path)).length === 0
            ? []
            : (await backedUp(path)).map(({ document }) => (document as { n: number }).n),
      }
    },
  })
  for (const { name, run: check } of checks.filter(
    ({ name: one }) => IS_WHOLE || /^a commit shows|^a killed job/.test(one),
  )) {
    test(name, check)
  }
})
