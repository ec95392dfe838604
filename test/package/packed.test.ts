import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const execute = promisify(execFile)
const checkout = process.cwd()
const SUBPATHS = ['', '/run', '/collection', '/file', '/decode', '/parquet', '/rxjs', '/kinesis', '/testing']
let project: string

/** An empty project with the packed tarball. Its dependencies are those of the checkout: tests have no network. */
beforeAll(async () => {
  project = await realpath(await mkdtemp(join(tmpdir(), 'tidemark-package-')))
  const modules = join(project, 'node_modules')
  await mkdir(join(modules, 'tidemark'), { recursive: true })
  const { stdout } = await execute('npm', ['pack', '--silent', '--pack-destination', project], { cwd: checkout })
  const tarball = join(project, stdout.trim().split('\n').at(-1) ?? '')
  await execute('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, 'tidemark')])
  for (const name of await readdir(join(checkout, 'node_modules'))) {
    if (name !== 'tidemark' && name !== '.bin') await symlink(join(checkout, 'node_modules', name), join(modules, name))
  }
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'empty', type: 'module', private: true }))
}, 120_000)

afterAll(async () => {
  await rm(project, { recursive: true, force: true })
})

const node = (...args: string[]) =>
  execute(process.execPath, ['--no-warnings', ...args], { cwd: project, encoding: 'utf8' })
const tidemark = (...args: string[]) => node(join(project, 'node_modules/tidemark/runtime/cli/launcher.js'), ...args)

const JOB = `
import { boundedOutOfOrderness, count, defineJob, hours, seconds, tumbling } from 'tidemark'
import { generator } from 'tidemark/collection'
import { fileSink, jsonLines } from 'tidemark/file'
import { z } from 'zod'

const parameters = z.object({ count: z.number().default(4), out: z.string().describe('folder of the result') })

export default defineJob('foreign', { parameters }, (job) => {
  const { count: amount, out } = job.parameters
  job
    .from(
      'numbers',
      generator({ count: amount, splits: 1, make: (n: number) => ({ n, at: n * 600_000 }) }),
      boundedOutOfOrderness({ timestamp: (value) => value.at, maxDelay: seconds(1) }),
    )
    .keyBy((value) => value.n % 2)
    .window(tumbling(hours(1)))
    .aggregate('per-hour', { values: count() })
    .to('out', fileSink({ path: out, format: jsonLines() }))
})
`

describe('the packed package', () => {
  it.each(SUBPATHS)('imports as tidemark%s in an empty project', async (subpath) => {
    const { stdout } = await node(
      '--input-type=module',
      '-e',
      `console.log(Object.keys(await import('tidemark${subpath}')).length)`,
    )
    expect(Number(stdout)).toBeGreaterThan(0)
  })

  it('type-checks in an empty project, every subpath, with the compiler reading its declarations', async () => {
    const imports = SUBPATHS.map((subpath, index) => `export * as m${index} from 'tidemark${subpath}'`)
    await writeFile(join(project, 'all.ts'), imports.join('\n'))
    await writeFile(join(project, 'job.ts'), JOB)
    const options = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2023',
      lib: ['es2023'],
      types: ['node'],
    }
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...options, skipLibCheck: true }, files: ['all.ts', 'job.ts'] }),
    )
    const tsc = join(checkout, 'node_modules/typescript/bin/tsc')
    const { stdout } = await node(tsc, '-p', '.').catch((error: { stdout: string }) => error)
    expect(stdout).toBe('')
  }, 60_000)

  it('runs a job from a foreign directory, with parameters', async () => {
    await writeFile(join(project, 'job.ts'), JOB)
    const { stderr } = await tidemark('run', 'job.ts', '--param', 'count=12', '--param', 'out=result')
    expect(stderr).toContain('foreign finished: 12 records')
    const rows: unknown[] = []
    for (const name of await readdir(join(project, 'result'))) {
      if (!name.endsWith('.jsonl')) continue
      const text = await readFile(join(project, 'result', name), 'utf8')
      rows.push(
        ...text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      )
    }
    const window = (hour: number) => ({ start: hour * 3_600_000, end: (hour + 1) * 3_600_000 })
    expect(rows).toHaveLength(4)
    for (const hour of [0, 1]) {
      for (const key of [0, 1]) expect(rows).toContainEqual({ key, window: window(hour), values: 3 })
    }
  }, 60_000)

  it('runs a job in a project as npm init makes it, of CommonJS', async () => {
    const folder = join(project, 'commonjs')
    await mkdir(folder)
    await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }')
    await writeFile(join(folder, 'job.ts'), JOB)
    const { stderr } = await tidemark('run', 'commonjs/job.ts', '--param', 'out=commonjs/result')
    expect(stderr).toContain('foreign finished: 4 records')
  }, 60_000)

  it("lists a job's own parameters", async () => {
    await writeFile(join(project, 'job.ts'), JOB)
    const { stdout } = await tidemark('run', 'job.ts', '--help')
    expect(stdout).toMatch(/count +number.*default 4/)
    expect(stdout).toMatch(/out +string, folder of the result, required/)
  }, 60_000)

  it('carries no tests, no examples and no sources', async () => {
    const { stdout } = await execute('find', ['node_modules/tidemark/', '-name', '*.ts'], { cwd: project })
    const files = stdout.trim().split('\n')
    expect(files.filter((file) => !file.endsWith('.d.ts'))).toEqual([])
    expect(files.filter((file) => /examples|\.test\.|\/tests\//.test(file))).toEqual([])
  })
})
