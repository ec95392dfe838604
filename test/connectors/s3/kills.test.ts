import { setTimeout as pause } from 'node:timers/promises'
import { type LocalS3, type S3FaultRule, startLocalS3 } from 'tidemark/testing'
import { expect, onTestFinished, test } from 'vitest'
import { choices, SEED } from '../../golden/taxi/seeded.js'
import { bundled } from '../../setup/bundled.js'
import { IS_WHOLE } from '../../setup/runs.js'
import type { ChildOptions } from './kill-child.js'
import { type RunningChild, startChild } from './kill-process.js'
import { numbersOf } from './kill-reader.js'

const KILLS = Number(process.env['TIDEMARK_KILLS'] ?? (IS_WHOLE ? 100 : 3))
/** What processes that are killed have before them: none comes to the end of it. */
const MOST_ROWS = 300_000
const COMPLETION = ['CompleteMultipartUpload'] as const
const CALL_TIMEOUT_MS = 2000
/** What the server applies, or answers, when the sink has given up and tries again. */
const TOO_SLOW_MS = 2300

/** Everything that the server can do to a request, now and then. */
const FAULTS: readonly S3FaultRule[] = [
  { rate: 0.02, fault: { kind: 'slowDown' } },
  { rate: 0.02, fault: { kind: 'internalError' } },
  { rate: 0.005, fault: { kind: 'error', status: 400, code: 'RequestTimeout' } },
  {
    operation: ['PutObject', ...COMPLETION],
    rate: 0.01,
    fault: { kind: 'error', status: 409, code: 'OperationAborted' },
  },
  { rate: 0.02, fault: { kind: 'resetBefore' } },
  { rate: 0.03, fault: { kind: 'replyLost' } },
  { rate: 0.01, fault: { kind: 'truncated' } },
  { rate: 0.02, fault: { kind: 'slow', ms: 100 } },
  { rate: 0.003, fault: { kind: 'slow', ms: TOO_SLOW_MS, when: 'before' } },
  { rate: 0.003, fault: { kind: 'slow', ms: TOO_SLOW_MS, when: 'after' } },
  { rate: 0.003, fault: { kind: 'accessDenied' } },
  { operation: 'GetObject', rate: 0.03, fault: { kind: 'truncated' } },
  // Other answers have no checksum: there it is TLS that notices.
  { operation: 'GetObject', rate: 0.03, fault: { kind: 'corrupted' } },
  { operation: 'PutObject', rate: 0.01, fault: { kind: 'errorInBody' } },
  { operation: COMPLETION, rate: 0.15, fault: { kind: 'replyLost' } },
  { operation: COMPLETION, rate: 0.1, fault: { kind: 'errorInBody' } },
  { operation: COMPLETION, rate: 0.05, fault: { kind: 'slow', ms: TOO_SLOW_MS, when: 'before' } },
]

function start(module: string, options: ChildOptions): RunningChild {
  const child = startChild(module, options)
  onTestFinished(() => void child.process.kill('SIGKILL'))
  return child
}

/** What readers have seen: objects are whole when they are there, never change and never go. */
class Readers {
  readonly #s3: LocalS3
  readonly #seen = new Map<string, { readonly bytes: Buffer; readonly numbers: readonly number[] }>()

  constructor(s3: LocalS3) {
    this.#s3 = s3
  }

  /** The numbers of all rows that are visible, in order, each once. */
  async look(): Promise<readonly number[]> {
    for (const [key, { bytes }] of this.#seen) expect(this.#s3.read('lake', key)?.equals(bytes), key).toBe(true)
    for (const key of this.#s3.keys('lake', 'archive/side=')) {
      if (this.#seen.has(key)) continue
      const bytes = this.#s3.read('lake', key) ?? Buffer.alloc(0)
      this.#seen.set(key, { bytes, numbers: await numbersOf(key, bytes) })
    }
    const numbers = [...this.#seen.values()].flatMap((object) => object.numbers).sort((a, b) => a - b)
    expect(new Set(numbers).size, 'no row twice').toBe(numbers.length)
    return numbers
  }
}

const random = choices(SEED)
const FORMATS = ['lines', 'gzip', 'zstd', 'csv', 'parquet'] as const
const FORMAT = FORMATS[SEED % FORMATS.length] ?? 'lines'

test(`${FORMAT}, killed ${KILLS} times at random requests: nothing is lost, doubled or left behind (seed ${SEED})`, {
  timeout: 240_000 + KILLS * 20_000,
}, async () => {
  const s3 = await startLocalS3({
    buckets: ['lake', 'state'],
    random: { next: () => random.between(0, 999_999) / 1_000_000 },
  })
  onTestFinished(() => s3.close())
  for (const rule of FAULTS) s3.faults.add(rule)
  const module = await bundled('test/connectors/s3/kill-child.ts')
  const { endpoint, region, credentials } = s3
  const options = (more: Pick<ChildOptions, 'rows' | 'holdAt' | 'rollOnCheckpoint'>): ChildOptions => ({
    ...{ s3: { endpoint, region, credentials }, callTimeoutMs: CALL_TIMEOUT_MS, parallelism: random.one([1, 2]) },
    ...{ to: 's3://lake/archive', format: FORMAT, checkpoints: 's3://state/job' },
    ...more,
  })
  const goesOn = (): boolean => FORMAT !== 'parquet' && random.one([false, true, true])
  const readers = new Readers(s3)
  let rows = 500 // More than any of them came to.
  for (let [starts, kills] = [0, 0]; kills < KILLS; starts++) {
    // Some long enough for a file of several parts.
    const holdAt = starts % 10 === 1 ? random.between(3000, 4500) : random.between(100, 700)
    // The source pauses before its end, and checkpoints go on: the request comes, however slow the machine is.
    const { process: child, ended } = start(module, {
      ...options({ rows: MOST_ROWS, holdAt, rollOnCheckpoint: !goesOn() }),
      pauseMs: random.one([1, 10]),
    })
    let left = random.between(20, 200)
    const stopCounting = s3.faults.add(() => {
      if (--left === 0) child.kill('SIGKILL')
      return undefined
    })
    const { signal, error, below } = await ended
    rows = Math.max(rows, below)
    stopCounting()
    if (signal === 'SIGKILL') kills++
    // Faults in a row may end a start: then somebody starts it again.
    if (starts > KILLS * 2 + 20) throw new Error(`${starts} starts for ${kills} kills, the last one said:\n${error}`)
    await readers.look()
  }
  const toTheEnd = { rows, holdAt: undefined, rollOnCheckpoint: FORMAT === 'parquet' }
  for (let last = 1; ; last++) {
    const { code, error } = await start(module, options(toTheEnd)).ended
    if (code === 0) break
    if (last > 20) throw new Error(`${last} starts, the last one said:\n${error}`)
  }
  const numbers = Array.from({ length: rows }, (_, n) => n)
  expect(await readers.look()).toEqual(numbers)
  // A last start has nothing to do but to sweep, also what the server comes to late.
  s3.faults.clear()
  await pause(TOO_SLOW_MS)
  expect(await start(module, options(toTheEnd)).ended).toMatchObject({ code: 0 })
  expect(await readers.look()).toEqual(numbers)
  expect(s3.uploads('lake')).toEqual([])
})
