import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type RunOptions, run } from 'tidemark/run'
import { expect, onTestFinished, test } from 'vitest'
import { Gate, pausedSource } from '../../golden/jobs/paused-source.js'
import { choices, IS_WHOLE, SEED } from '../../golden/taxi/seeded.js'
import { bundled } from '../../setup/bundled.js'
import { temporaryFolder } from '../file/support.js'
import { inferredJob, rowOf, SCHEMA, splitsOf } from './inferred-job.js'
import type { ChildOptions } from './kill-child.js'
import { canonicalRow, duckdb, rowsIn } from './readers.js'

const ROOT = resolve(import.meta.dirname, '../../..')
const KILLS = Number(process.env['TIDEMARK_KILLS'] ?? (IS_WHOLE ? 40 : 1))
const ROWS = 3000

const schemaFile = (out: string): string => join(out, '.staging/rows/schema.json')

function expected(count: number): unknown[] {
  return Array.from({ length: count }, (_, n) => canonicalRow({ ...rowOf(n) }, SCHEMA))
}

/** Of any kind of file that is visible; a partial one is none that DuckDB reads. */
async function stored(...outs: readonly string[]): Promise<unknown[]> {
  const from = outs.filter(existsSync).map((out) => `'${out}/*.parquet'`)
  const rows = await duckdb(`select * from read_parquet([${from.join(', ')}]) order by n`)
  return rows.map((row) => canonicalRow(row, SCHEMA))
}

async function child(module: string, options: ChildOptions): Promise<{ code: number | null; said: string }> {
  const args = ['--no-warnings', module, JSON.stringify(options)]
  const started = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void started.kill('SIGKILL'))
  let said = ''
  for (const stream of [started.stdout, started.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  return new Promise((done) => started.on('close', (code) => done({ code, said })))
}

test(`killed ${KILLS} times the rows are there once, all of the one schema, whole in every file (seed ${SEED})`, {
  timeout: 60_000 + KILLS * 10_000,
}, async () => {
  const random = choices(SEED)
  const folder = await temporaryFolder()
  const module = await bundled('test/connectors/parquet/kill-child.ts')
  const out = join(folder, 'out')
  const options = (): ChildOptions => ({
    ...{ out, checkpoints: join(folder, 'checkpoints'), rows: ROWS, parallelism: random.one([1, 2, 3]) },
  })
  let schema: string | undefined
  for (let kills = 0; kills < KILLS; kills++) {
    const kill = { row: random.between(1, ROWS / 2), ms: random.between(0, 100) }
    expect(await child(module, { ...options(), kill })).toMatchObject({ code: null })
    const found = existsSync(schemaFile(out)) ? await readFile(schemaFile(out), 'utf8') : undefined
    expect(found ?? schema).toBe(schema ?? found)
    schema ??= found
    // Each on its own: a file without its footer is an error.
    if (existsSync(out)) expect(new Set((await rowsIn(out)).map(({ n }) => n)).size).toBe((await rowsIn(out)).length)
  }
  expect(await child(module, options())).toEqual({ code: 0, said: 'finished\n' })
  expect(await stored(out)).toEqual(expected(ROWS))
  if (schema !== undefined) expect(await readFile(schemaFile(out), 'utf8')).toBe(schema)
})

const RESCALES = [
  [3, 2],
  [1, 3],
] as const

test.each(IS_WHOLE ? RESCALES : RESCALES.slice(0, 1))(
  'a savepoint goes on in another folder, from %i to %i subtasks, with the schema of the first',
  async (before, after) => {
    const folder = await temporaryFolder()
    const first = join(folder, 'first')
    const second = join(folder, 'second')
    const savepoint = join(folder, 'savepoint')
    const options = (name: string, parallelism: number): RunOptions => {
      return { parallelism, checkpoints: { to: join(folder, 'checkpoints', name) } }
    }
    let pause = (): void => {}
    const paused = new Promise<void>((resolve) => {
      pause = resolve
    })
    const half = pausedSource(splitsOf(ROWS), new Gate(700, () => pause()), { batch: 37 })
    const running = await run(inferredJob(first, half), options('a', before))
    await paused
    // All that was written is shown: the savepoint has nothing that lies in the first folder.
    await running.checkpoint()
    await running.savepoint({ to: savepoint })
    await running.cancel()
    const rest = pausedSource(splitsOf(ROWS), new Gate(), { batch: 37 })
    const { result } = await run(inferredJob(second, rest), { ...options('b', after), from: savepoint })
    expect(await result).toMatchObject({ status: 'finished' })
    expect(await readFile(schemaFile(second), 'utf8')).toBe(await readFile(schemaFile(first), 'utf8'))
    expect(await stored(first, second)).toEqual(expected(ROWS))
  },
)
