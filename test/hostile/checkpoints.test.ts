import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { filter, firstValueFrom } from 'rxjs'
import { defineJob, minutes, valueState } from 'tidemark'
import { collectInto, generator } from 'tidemark/collection'
import { noRestart, type RunOptions, run } from 'tidemark/run'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const COUNT = 100_000
let root: string
/** Of a job that was stopped in the middle. */
let taken: string

interface Change {
  readonly name?: string
  readonly step?: string
  /** Records a second. */
  readonly rate?: number
}

function countingJob(rows: [number, number][], { name = 'counting', step = 'count', rate = COUNT }: Change = {}) {
  return defineJob(name, (job) => {
    job
      .from('numbers', generator({ make: (i) => i % 5, rate, count: COUNT }))
      .keyBy((n) => n)
      .process(step, {
        state: { seen: valueState<number>() },
        process(_value, ctx) {
          const seen = (ctx.state.seen.value() ?? 0) + 1
          ctx.state.seen.update(seen)
          return [[ctx.key, seen] as [number, number]]
        },
      })
      .to('rows', collectInto(rows))
  })
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidemark-hostile-'))
  taken = join(root, 'taken')
  const options = { parallelism: 2, checkpoints: { to: taken, interval: minutes(1) }, restart: noRestart() }
  // Slow: it is still in the middle when it is told to stop.
  const handle = await run(countingJob([], { rate: 1000 }), options)
  await firstValueFrom(handle.status$.pipe(filter((status) => status === 'running')))
  await handle.checkpoint()
  await handle.stop()
})

afterAll(() => rm(root, { recursive: true, force: true }))

async function resumed(change: Change & RunOptions = {}, spoil?: (folder: string) => Promise<void>): Promise<unknown> {
  const to = await mkdtemp(join(root, 'copy-'))
  await cp(taken, to, { recursive: true })
  await spoil?.(to)
  const { name, step, ...options } = change
  const job = countingJob([], { ...(name && { name }), ...(step && { step }) })
  const handle = await run(job, { restart: noRestart(), ...options, checkpoints: { to, resume: true } })
  return handle.result
}

async function objectsOf(folder: string): Promise<string[]> {
  const entries = await readdir(join(folder, 'checkpoints'), { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return paths.map((path) => relative(folder, path))
}

describe('what does not belong to the checkpoints is refused with both sides named', () => {
  test('another max parallelism', async () => {
    await expect(resumed({ maxParallelism: 64 })).rejects.toMatchObject({
      code: 'MAX_PARALLELISM_CHANGED',
      message: expect.stringMatching(/128.*64/),
    })
  })

  test('another job', async () => {
    await expect(resumed({ name: 'another' })).rejects.toMatchObject({
      code: 'CHECKPOINTS_OF_OTHER_JOB',
      message: expect.stringMatching(/'counting'.*'another'/),
    })
  })

  test('a step whose id has changed', async () => {
    await expect(resumed({ step: 'renamed' })).rejects.toMatchObject({
      code: 'STATE_WITHOUT_OPERATOR',
      message: expect.stringMatching(/'count'.*'renamed'/),
    })
  })

  test('a path that is a file, or lies below one', async () => {
    const file = join(root, 'file')
    await writeFile(file, 'mine')
    for (const to of [file, join(file, 'below')]) {
      const starting = run(countingJob([]), { checkpoints: { to } })
      await expect(starting).rejects.toMatchObject({ code: 'STORAGE_FAILED', message: expect.stringContaining(to) })
    }
    expect(await readFile(file, 'utf8')).toBe('mine')
  })
})

describe('a damaged object of a checkpoint is named, and no older checkpoint is taken in silence', () => {
  const spoils: Readonly<Record<string, readonly [(path: string) => Promise<void>, string]>> = {
    flipped: [
      async (path) => {
        const bytes = await readFile(path)
        const middle = Math.floor(bytes.length / 2)
        bytes[middle] = (bytes[middle] ?? 0) ^ 0xff
        await writeFile(path, bytes)
      },
      'CHECKPOINT_CORRUPT',
    ],
    truncated: [(path) => truncate(path, 10), 'CHECKPOINT_CORRUPT'],
    missing: [(path) => rm(path), 'CHECKPOINT_OBJECT_MISSING'],
  }

  test.each(Object.entries(spoils))('%s', async (_name, [spoil, code]) => {
    const objects = await objectsOf(taken)
    expect(objects.length).toBeGreaterThanOrEqual(6)
    for (const object of objects) {
      await expect(resumed({}, (folder) => spoil(join(folder, object)))).rejects.toMatchObject({
        code,
        domain: 'storage',
        message: expect.stringContaining(object),
      })
    }
  })
})

test('at any parallelism the counts go on exactly', async () => {
  for (const parallelism of [1, 3, 5]) {
    const rows: [number, number][] = []
    const to = await mkdtemp(join(root, 'copy-'))
    await cp(taken, to, { recursive: true })
    const handle = await run(countingJob(rows), { parallelism, checkpoints: { to, resume: true } })
    await handle.result
    const newest = new Map<number, number>()
    for (const [key, seen] of rows) newest.set(key, Math.max(seen, newest.get(key) ?? 0))
    expect([...newest].sort()).toEqual([0, 1, 2, 3, 4].map((key) => [key, COUNT / 5]))
  }
})
