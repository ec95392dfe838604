import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const launcher = join(process.cwd(), 'runtime/cli/launcher.js')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-cli-'))
  await writeFile(
    join(folder, 'totals.ts'),
    `import { defineJob, valueState } from 'tidemark'
import { collection, print } from 'tidemark/collection'
export default defineJob('totals', (job) => {
  job
    .from('in', collection([1, 2, 3, 4]))
    .keyBy((n) => n % 2)
    .process('totals', {
      state: { total: valueState<number>() },
      process(n, { state }) {
        state.total.update((state.total.value() ?? 0) + n)
        return [state.total.value() ?? 0]
      },
    })
    .to('out', print())
})`,
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function tidemark(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--no-warnings', launcher, ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

describe('tidemark run', () => {
  it('keeps state on disk, in the folder that it is given', async () => {
    const scratch = join(folder, 'scratch')
    const { code, stdout } = await tidemark('run', join(folder, 'totals.ts'), '--state', 'disk', '--state-dir', scratch)
    expect([code, stdout]).toEqual([0, '1\n2\n4\n6\n'])
    expect(await readdir(scratch)).toEqual([])
  })

  it('refuses a folder for state that is on the heap, and a place that there is not', async () => {
    const withoutDisk = await tidemark('run', join(folder, 'totals.ts'), '--state-dir', folder)
    expect([withoutDisk.code, withoutDisk.stderr]).toEqual([
      1,
      expect.stringContaining('--state-dir goes with --state disk'),
    ])
    const nowhere = await tidemark('run', join(folder, 'totals.ts'), '--state', 'tape')
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('heap, disk')])
  })
})
