import { type ChildProcess, spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { type LocalS3, type S3FaultRule, startLocalS3 } from 'tidemark/testing'
import { expect, onTestFinished, test } from 'vitest'
import { choices, SEED } from '../../golden/taxi/seeded.js'
import type { ChildOptions } from './kill-child.js'

const ROOT = resolve(import.meta.dirname, '../../..')
const KILLS = Number(process.env['TIDEMARK_KILLS'] ?? (process.env['TIDEMARK_TIER'] === 'all' ? 100 : 4))
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

/** A process that is up in a moment: the job and all of Tidemark in one file. */
async function bundled(): Promise<string> {
  const outfile = join(ROOT, 'node_modules/.cache/tidemark-s3-sink', `kill-child-${process.pid}.mjs`)
  const source = { run: 'runtime', file: 'connectors/file', s3: 'connectors/s3' }
  await build({
    entryPoints: [join(import.meta.dirname, 'kill-child.ts')],
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' },
    tsconfig: join(ROOT, 'tsconfig.json'),
    alias: Object.fromEntries(
      Object.entries(source).map(([name, folder]) => [`tidemark/${name}`, join(ROOT, folder, 'index.ts')]),
    ),
  })
  onTestFinished(() => rm(outfile, { force: true }))
  return outfile
}

function start(module: string, options: ChildOptions) {
  const args = ['--no-warnings', module, JSON.stringify(options)]
  const child: ChildProcess = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] })
  let error = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    error = (error + text).slice(-4000)
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<{ readonly code: number | null; readonly error: string }>((done) => {
    child.on('close', (code) => done({ code, error }))
  })
  return { child, ended }
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
  const module = await bundled()
  const { endpoint, region, credentials } = s3
  const options = (holdAt: number | undefined): ChildOptions => ({
    ...{ rows: ROWS, holdAt, s3: { endpoint, region, credentials } },
    parallelism: random.one([1, 2]),
    rollOnCheckpoint: random.one([true, false, false]),
  })
  const seen = new Map<string, Buffer>()
  for (let kills = 0; kills < KILLS; kills++) {
    // The source pauses before its end, and checkpoints go on: the request comes, however slow the machine is.
    const { child, ended } = start(module, options(random.between(200, ROWS - 1000)))
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
