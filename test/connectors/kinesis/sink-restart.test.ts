import { expect, test } from 'vitest'
import { millis } from '../../../core/duration.js'
import { fixedDelay } from '../../../runtime/coordinator/restart-strategy.js'
import { run } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { ScriptedSource } from '../../job/scripted-source.js'
import type { KinesisFaultRule } from '../../servers/kinesis/faults.js'
import { copyJob } from '../batching/copy-job.js'
import { startStream } from './fixture.js'
import { hurriedEnvironment, numbersByKey, type Row, rowSink, rowsIn, rowsOf, storedIn } from './sink-fixture.js'

/** Refused records, and answers that never come. */
const FAULTS: readonly KinesisFaultRule[] = [
  { operation: 'PutRecords', rate: 0.05, fault: { kind: 'replyLost' } },
  { rate: 0.5, fault: { kind: 'failedRecords', rate: 0.2 } },
]

/** A key's rows, the first time that each is seen, are in order: later ones may repeat, none comes early. */
function expectInOrder(rows: readonly Row[]): void {
  for (const numbers of numbersByKey(rows).values()) {
    const first = [...new Set(numbers)]
    expect(first).toEqual([...first].sort((a, b) => a - b))
  }
}

function numbersIn(rows: readonly Row[]): Set<number> {
  return new Set(rows.map(({ n }) => n))
}

test('a job that fails again and again puts every row, and keeps the order of each key', async () => {
  const { server, client } = await startStream(3, { faults: FAULTS })
  const rows = rowsOf(900, 7)
  const source = new ScriptedSource([[]])
  const failAt = new Set([150, 400, 401, 880])
  const sink = rowSink(server, { ordering: 'perKey' })
  const see = ({ n }: Row): void => {
    // A checkpoint before each failure but the first: some of what was put is put again, not all.
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
  const stored = rowsIn(await storedIn(client))
  expect(numbersIn(stored)).toEqual(numbersIn(rows))
  expectInOrder(stored)
})

test.each([
  ['plain', {}],
  ['in order and aggregated', { ordering: 'perKey', aggregate: { groups: 8 } }],
] as const)(
  'what a checkpoint contains is in the stream when the job is killed, and the rest follows: %s',
  async (_, options) => {
    const { server, client } = await startStream(2, { faults: FAULTS })
    const rows = rowsOf(600, 7)
    const to = memoryStore()
    const source = new ScriptedSource([[]])
    const sink = rowSink(server, options)
    let onRow: (row: Row) => void = () => undefined
    let checkpointed: Promise<unknown> | undefined
    const reached = new Promise<void>((resolve) => {
      onRow = ({ n }) => {
        if (n !== 250) return
        checkpointed = killed.checkpoint()
        resolve()
      }
    })
    const killed = await run(
      copyJob(source, sink, (row) => onRow(row)),
      { environment: hurriedEnvironment(), checkpoints: { to } },
    )
    source.push(rows)
    await reached
    await checkpointed
    await killed.cancel()
    const before = numbersIn(rowsIn(await storedIn(client)))
    let first: number | undefined
    source.end()
    const see = ({ n }: Row): void => {
      first ??= n
    }
    const resumed = copyJob(source, sink, see)
    const handle = await run(resumed, { environment: hurriedEnvironment(), checkpoints: { to, resume: true } })
    await handle.result
    expect(first).toBeGreaterThan(200)
    for (let n = 0; n < (first ?? 0); n++) expect(before.has(n), `row ${n}`).toBe(true)
    const stored = rowsIn(await storedIn(client))
    expect(numbersIn(stored)).toEqual(numbersIn(rows))
    if ('ordering' in options) expectInOrder(stored)
  },
)
