import { isDeepStrictEqual } from 'node:util'
import type { DeadLetter } from '../../../core/connector.js'
import { millis, minutes } from '../../../core/duration.js'
import { seededRandom } from '../../../core/random.js'
import { fixedDelay } from '../../../runtime/coordinator/restart-strategy.js'
import { run } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { copyJob } from '../../connectors/batching/copy-job.js'
import { documentsIn, lettersInto, type Row, rowSink, rowsOf } from '../../connectors/opensearch/fixture.js'
import { ScriptedSource } from '../../job/scripted-source.js'
import { startFaultyProxy } from './faulty-proxy.js'
import type { RealOpenSearch } from './real.js'

const INDEX = 'tm-faults'
const ROWS = 24_000
const IDS = 6000
const RESTARTS = 3
/** Rows at which the job itself fails, once each. */
const FAILURES = [5000, 17_000]
const isBad = ({ n }: Row): boolean => n % 100 === 13
/** As it is sent, and as a dead letter has it. */
const documentOf = (row: Row): object => (isBad(row) ? { ...row, n: 'no number' } : row)

/**
 * A job whose rows come to a node that is killed and started again while it writes, behind a proxy that throttles calls and
 * loses answers; the job fails too, and one document in a hundred fits no mapping. In the end the index has the last row of
 * each id and nothing else, and every bad row is a dead letter.
 */
export async function survivesFaults(node: RealOpenSearch, seed: number): Promise<boolean> {
  const random = seededRandom(seed)
  const proxy = await startFaultyProxy(node.url, { random, throttled: 0.15, replyLost: 0.15 })
  const rows = rowsOf(ROWS, IDS)
  const letters: DeadLetter[] = []
  const source = new ScriptedSource([[]])
  const failAt = new Set(FAILURES)
  const sink = rowSink(proxy.url, {
    index: INDEX,
    templates: [
      {
        name: INDEX,
        body: { index_patterns: [INDEX], template: { mappings: { properties: { n: { type: 'long' } } } } },
      },
    ],
    document: documentOf,
    onRejected: { deadLetters: lettersInto(letters) },
    maxDocumentsPerCall: 100,
    retryForMs: minutes(3).ms,
    callTimeoutMs: 30_000,
  })
  const see = ({ n }: Row): void => {
    if (failAt.delete(n)) throw new Error(`row ${n} fails`)
  }
  const quiet = { debug() {}, info() {}, warn() {}, error() {} }
  const handle = await run(copyJob(source, sink, see), {
    checkpoints: { to: memoryStore(), interval: millis(500) },
    restart: fixedDelay({ attempts: 10, delay: millis(100) }),
    logger: quiet,
  })
  try {
    const share = ROWS / (RESTARTS + 1)
    for (let part = 0; part <= RESTARTS; part++) {
      source.push(rows.slice(part * share, (part + 1) * share))
      if (part === RESTARTS) break
      await new Promise((resolve) => setTimeout(resolve, 100 + random.next() * 400))
      await node.restart()
    }
    source.end()
    const { status } = await handle.result
    const { throttled, repliesLost, cutOff } = proxy.injected
    const found = Object.fromEntries(await documentsIn<Row>(node.url, INDEX))
    const given = new Set(letters.map(({ raw }) => Buffer.from(raw).toString()))
    const wrong = differences(found, expectedOf(rows))
    const lost = rows.filter((row) => isBad(row) && !given.has(JSON.stringify(documentOf(row)))).length
    console.log(
      `faults (seed ${seed}): ${ROWS} rows of ${IDS} ids, the node killed ${RESTARTS} times, the job failed ${FAILURES.length - failAt.size} ` +
        `times; ${throttled} calls throttled, ${repliesLost} answers lost, ${cutOff} calls cut off: the job ${status}, ` +
        `${Object.keys(found).length} documents, ${wrong} of them lost or wrong, ${lost} of ${ROWS / 100} bad rows without a dead letter`,
    )
    const isHard = failAt.size === 0 && throttled > 0 && repliesLost > 0 && cutOff > 0
    return status === 'finished' && wrong === 0 && lost === 0 && isHard
  } finally {
    await handle.cancel().catch(() => undefined)
    await proxy.close()
  }
}

/** What any order of writing and writing again has to come to. */
function expectedOf(rows: readonly Row[]): Record<string, Row> {
  return Object.fromEntries(rows.filter((row) => !isBad(row)).map((row) => [row.id, row]))
}

function differences(found: Record<string, Row>, expected: Record<string, Row>): number {
  const ids = new Set([...Object.keys(found), ...Object.keys(expected)])
  return [...ids].filter((id) => !isDeepStrictEqual(found[id], expected[id])).length
}
