import { expect, test } from 'vitest'
import { hours, millis } from '../../../core/duration.js'
import { seededRandom } from '../../../core/random.js'
import { fixedDelay } from '../../../runtime/coordinator/restart-strategy.js'
import { run } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { ScriptedSource } from '../../job/scripted-source.js'
import type { OpenSearchFaultRule } from '../../servers/opensearch/index.js'
import { copyJob } from '../batching/copy-job.js'
import { documentsIn, hurriedEnvironment, lettersInto, type Row, rowSink, rowsOf, startServer } from './fixture.js'

/** Throttled documents, answers that never come, calls that break. */
const FAULTS: readonly OpenSearchFaultRule[] = [
  { rate: 0.1, fault: { kind: 'replyLost' } },
  { rate: 0.1, fault: { kind: 'throttle' } },
  { rate: 0.3, fault: { kind: 'failedItems', rate: 0.2 } },
]

const BAD_EVERY = 100
const isBad = ({ n }: Row): boolean => n % BAD_EVERY === 13
const document = (row: Row): object => (isBad(row) ? { ...row, n: 'no number' } : row)
const templates = [
  {
    name: 'rows',
    body: { index_patterns: ['rows*'], template: { mappings: { properties: { n: { type: 'long' } } } } },
  },
]

/** The last row of each id, without those that no mapping takes: what an index comes to, whatever happens on the way. */
function expected(rows: readonly Row[]): Record<string, Row> {
  return Object.fromEntries(rows.filter((row) => !isBad(row)).map((row) => [row.id, row]))
}

test('a job that fails again and again, throttled and cut off, with 1 % of bad documents, comes to the right index', async () => {
  const { url } = await startServer({ faults: FAULTS, random: seededRandom(11) })
  const rows = rowsOf(900, 171)
  const source = new ScriptedSource([[]])
  const failAt = new Set([150, 400, 401, 880])
  const sink = rowSink(url, {
    templates,
    document,
    onRejected: { deadLetters: lettersInto([]) },
    maxDocumentsPerCall: 40,
  })
  const see = ({ n }: Row): void => {
    // A checkpoint before each failure but the first: some of what was written is written again, not all.
    if (n % 100 === 60) void handle.checkpoint().catch(() => undefined)
    if (failAt.delete(n)) throw new Error(`row ${n} fails`)
  }
  const handle = await run(copyJob(source, sink, see), {
    environment: hurriedEnvironment(),
    checkpoints: { to: memoryStore(), interval: millis(200) },
    restart: fixedDelay({ attempts: 10, delay: millis(10) }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  })
  source.push(rows)
  source.end()
  expect(await handle.result).toMatchObject({ status: 'finished' })
  expect(failAt.size).toBe(0)
  expect(Object.fromEntries(await documentsIn(url, 'rows'))).toEqual(expected(rows))
})

test('what a checkpoint contains is in the index when the job is killed, and the rest follows', async () => {
  const { url } = await startServer({ faults: FAULTS, random: seededRandom(12) })
  const rows = rowsOf(600)
  const to = memoryStore()
  const source = new ScriptedSource([[]])
  const sink = rowSink(url, { templates, document, onRejected: 'skip', maxDocumentsPerCall: 40 })
  let checkpointed: Promise<unknown> | undefined
  let reach = (): void => undefined
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const killed = await run(
    copyJob(source, sink, ({ n }) => {
      if (n !== 250) return
      checkpointed = killed.checkpoint()
      reach()
    }),
    { environment: hurriedEnvironment(), checkpoints: { to } },
  )
  source.push(rows)
  await reached
  await checkpointed
  await killed.cancel()
  const before = await documentsIn(url, 'rows')
  let first: number | undefined
  source.end()
  const resumed = copyJob(source, sink, ({ n }) => {
    first ??= n
  })
  const handle = await run(resumed, { environment: hurriedEnvironment(), checkpoints: { to, resume: true } })
  expect(await handle.result).toMatchObject({ status: 'finished' })
  expect(first).toBeGreaterThan(200)
  for (const row of rows.slice(0, first)) expect(before.has(row.id), row.id).toBe(!isBad(row))
  expect(Object.fromEntries(await documentsIn(url, 'rows'))).toEqual(expected(rows))
})

test('a result that changes when it is computed again replaces the first one', async () => {
  const { url } = await startServer()
  const source = new ScriptedSource([[]])
  let attempt = 0
  const document = ({ n }: Row): object => ({ n, attempt })
  const sink = rowSink(url, { document, maxDelayMs: 0 })
  const see = ({ n }: Row): void => {
    if (n !== 40 || attempt++ > 0) return
    throw new Error('once')
  }
  const handle = await run(copyJob(source, sink, see), {
    environment: hurriedEnvironment(),
    // No checkpoint comes between: everything is computed again.
    checkpoints: { to: memoryStore(), interval: hours(1000) },
    restart: fixedDelay({ attempts: 1, delay: millis(1) }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  })
  source.push(rowsOf(30))
  // What was written before the failure is in the index: the generations meet there.
  while ((await documentsIn(url, 'rows').catch(() => new Map())).size < 30)
    await new Promise((done) => setImmediate(done))
  source.push(rowsOf(50).slice(30))
  source.end()
  await handle.result
  const found = [...(await documentsIn<{ attempt: number }>(url, 'rows')).values()]
  expect(found).toHaveLength(50)
  expect(found.filter((one) => one.attempt === 0)).toEqual([])
})
