import { type LocalS3, type S3FaultRule, startLocalS3 } from 'tidemark/testing'
import { expect, onTestFinished, test } from 'vitest'
import { choices, SEED } from '../../golden/taxi/seeded.js'
import { bundled } from '../../setup/bundled.js'
import { IS_WHOLE } from '../../setup/runs.js'
import type { ChildOptions } from './kill-child.js'
import { type RunningChild, startChild } from './kill-process.js'

const KILLS = Number(process.env['TIDEMARK_KILLS'] ?? (IS_WHOLE ? 100 : 4))
const ROWS = 8000

/** Everything that the server can do to a request, now and then. */
const FAULTS: readonly S3FaultRule[] = [
  { rate: 0.02, fault: { kind: 'slowDown' } },
  { rate: 0.02, fault: { kind: 'internalError' } },
  { rate: 0.02, fault: { kind: 'resetBefore' } },
  { rate: 0.04, fault: { kind: 'replyLost' } },
  { operation: 'CompleteMultipartUpload', rate: 0.2, fault: { kind: 'replyLost' } },
  { operation: 'CompleteMultipartUpload', rate: 0.1, fault: { kind: 'errorInBody' } },
]

function start(module: string, options: ChildOptions): RunningChild {
  const child = startChild(module, options)
  onTestFinished(() => void child.process.kill('SIGKILL'))
  return child
}

/** What a reader sees: objects never change and never go. */
function checkReaders(s3: LocalS3, seen: Map<string, Buffer>): readonly number[] {
  const keys = s3.keys('lake', 'archive/side=')
  for (const [key, bytes] of seen) expect(s3.read('lake', key)?.equals(bytes), key).toBe(true)
  return keys.flatMap((key) => {
    const bytes = s3.read('lake', key) ?? Buffer.alloc(0)
    seen.set(key, bytes)
    const text = bytes.toString('utf8')
    expect(text.endsWith('\n'), key).toBe(true)
    return text
      .slice(0, -1)
      .split('\n')
      .map((line) => (JSON.parse(line) as { readonly n: number }).n)
  })
}

test(`killed ${KILLS} times at random requests, the sink loses nothing, doubles nothing and leaves nothing (seed ${SEED})`, {
  timeout: 120_000 + KILLS * 12_000,
}, async () => {
  const random = choices(SEED)
  const s3 = await startLocalS3({
    buckets: ['lake', 'state'],
    random: { next: () => random.between(0, 999_999) / 1_000_000 },
  })
  onTestFinished(() => s3.close())
  for (const rule of FAULTS) s3.faults.add(rule)
  const module = await bundled('test/connectors/s3/kill-child.ts')
  const { endpoint, region, credentials } = s3
  const options = (holdAt: number | undefined): ChildOptions => ({
    ...{ rows: ROWS, holdAt, s3: { endpoint, region, credentials } },
    parallelism: random.one([1, 2]),
    rollOnCheckpoint: random.one([true, false, false]),
    ...{ to: 's3://lake/archive', format: 'lines', checkpoints: 's3://state/job' },
  })
  const seen = new Map<string, Buffer>()
  for (let kills = 0; kills < KILLS; kills++) {
    // The source pauses before its end, and checkpoints go on: the request comes, however slow the machine is.
    const { process: child, ended } = start(module, options(random.between(200, ROWS - 1000)))
    let left = random.between(40, 250)
    const stopCounting = s3.faults.add(() => {
      if (--left === 0) child.kill('SIGKILL')
      return undefined
    })
    await ended
    stopCounting()
    const numbers = checkReaders(s3, seen)
    expect(new Set(numbers).size, 'no row twice').toBe(numbers.length)
  }
  for (let starts = 1; ; starts++) {
    // What goes on over checkpoints ends with the input.
    const { code, error } = await start(module, { ...options(undefined), rollOnCheckpoint: false }).ended
    if (code === 0) break
    if (starts > 20) throw new Error(`${starts} starts, the last one said:\n${error}`)
  }
  // A last start has nothing to do but to sweep.
  s3.faults.clear()
  expect(await start(module, options(undefined)).ended).toMatchObject({ code: 0 })
  expect([...checkReaders(s3, seen)].sort((a, b) => a - b)).toEqual(Array.from({ length: ROWS }, (_, n) => n))
  expect(s3.uploads('lake')).toEqual([])
})
