import { execFile } from 'node:child_process'
import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Job } from 'tidemark'
import { collectInto } from 'tidemark/collection'
import { run } from 'tidemark/run'
import { expect, it } from 'vitest'
import { folder } from '../../fixture/savepoint-job.js'

const launcher = join(process.cwd(), 'runtime/cli/launcher.js')

function tidemark(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--no-warnings', launcher, ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** So many that the job is stopped before it has read them all. */
const COUNT = 1_000_000

const source = (step: string) => `import { defineJob, valueState } from 'tidemark'
import { collection, print } from 'tidemark/collection'
export default defineJob('sums', (job) => {
  job.from('in', collection(Array.from({ length: ${COUNT} }, (_, n) => n))).keyBy(() => 'all').process('${step}', {
    state: { sum: valueState({ initial: () => 0 }) },
    process(n, { state }) {
      state.sum.update(state.sum.value() + n)
      return n === ${COUNT - 1} ? [state.sum.value()] : []
    },
  }).to('out', print())
})`

/** A drained savepoint of the job, and the file of the job. */
async function prepared() {
  const place = await folder()
  await writeFile(join(place, 'package.json'), '{ "type": "module" }')
  const file = join(place, 'sums.ts')
  await writeFile(file, source('sum'))
  const { default: job } = (await import(pathToFileURL(file).href)) as { default: Job<unknown> }
  const savepoint = join(place, 'savepoint')
  const handle = await run(job, { sinks: { out: collectInto<unknown>([]) } })
  await handle.stop({ drain: 'now', savepoint })
  return { place, file, savepoint }
}

it('tidemark run starts from a savepoint as its options allow', async () => {
  const { place, file, savepoint } = await prepared()
  const from = ['run', file, '--from-savepoint', savepoint, '--no-operations', '--log-format', 'text']

  const drained = await tidemark(...from)
  expect([drained.code, drained.stderr]).toEqual([1, expect.stringContaining('[SAVEPOINT_DRAINED]')])

  const claimed = await tidemark(...from, '--resume-drained', '--claim', '--checkpoints', join(place, 'state'))
  expect([claimed.code, claimed.stdout]).toEqual([0, `${(COUNT * (COUNT - 1)) / 2}\n`])
  expect(await exists(join(savepoint, 'savepoint.json'))).toBe(false)
})

it('tidemark run drops state only when it is told to', async () => {
  const { file, savepoint } = await prepared()
  await writeFile(file, source('total'))
  const from = [
    'run',
    file,
    '--from-savepoint',
    savepoint,
    '--no-operations',
    '--log-format',
    'text',
    '--resume-drained',
  ]
  const refused = await tidemark(...from)
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('[STATE_WITHOUT_OPERATOR]')])
  expect(await tidemark(...from, '--allow-dropped-state')).toMatchObject({ code: 0 })
})

it.each(['--claim', '--allow-rewind'])('tidemark run refuses %s without a savepoint', async (flag) => {
  const { file } = await prepared()
  const { code, stderr } = await tidemark('run', file, flag)
  expect([code, stderr]).toEqual([1, expect.stringContaining(`${flag} goes with --from-savepoint`)])
})
