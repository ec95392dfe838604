import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tidemark as tidemarkHere } from './savepoint/command.js'

const launcher = join(process.cwd(), 'runtime/cli/launcher.js')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-cli-'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await mkdir(join(folder, 'commonjs'))
  await writeFile(join(folder, 'commonjs', 'package.json'), '{ "type": "commonjs" }')
  const job = (body: string) => `import { defineJob } from 'tidemark'
import { collection, print } from 'tidemark/collection'
export default defineJob('small', (job) => { ${body} })`
  await writeFile(join(folder, 'good.ts'), job("job.from('in', collection([1, 2, 3])).to('out', print())"))
  await writeFile(join(folder, 'commonjs', 'values.ts'), 'export const values: number[] = [7, 8]')
  const commonjs = `import { values } from './values.js'\n${job("job.from('in', collection(values)).to('out', print())")}`
  await writeFile(join(folder, 'commonjs', 'job.ts'), commonjs)
  await writeFile(join(folder, 'commonjs', 'javascript.js'), commonjs)
  await writeFile(
    join(folder, 'broken.ts'),
    job(
      "job.from('in', collection([1, 2])).map((n) => { if (n === 2) throw new RangeError('two'); return n }).to('out', print())",
    ),
  )
  await writeFile(join(folder, 'sinkless.ts'), job("job.from('in', collection([1]))"))
  await writeFile(join(folder, 'syntax.ts'), 'export default defineJob(')
  await writeFile(join(folder, 'no-job.ts'), 'export default 5')
  await writeFile(join(folder, 'parameters.json'), '{ nope')
})

afterAll(() => rm(folder, { recursive: true, force: true }))

function tidemark(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--no-warnings', launcher, ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
  })
}

const file = (name: string): string => join(folder, name)

describe('tidemark on the command line', () => {
  it('runs a job to its end and exits with 0', async () => {
    const { code, stdout, stderr } = await tidemark('run', file('good.ts'))
    expect([code, stdout]).toEqual([0, '1\n2\n3\n'])
    expect(stderr).toContain('small finished: 3 records')
  })

  it('runs a job in TypeScript, and what it imports, in a package that is not of ES modules', async () => {
    const { code, stdout, stderr } = await tidemark('run', file('commonjs/job.ts'))
    expect([code, stdout, stderr]).toEqual([0, '7\n8\n', expect.stringContaining('small finished: 2 records')])
  })

  it('tells its version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'))
    expect(await tidemark('--version')).toMatchObject({ code: 0, stdout: `${version}\n` })
  })

  it('prints the plan of a job', async () => {
    const { code, stdout } = await tidemark('explain', file('good.ts'), '--parallelism', '3')
    expect(code).toBe(0)
    expect(stdout).toMatch(/job small[\s\S]*x3/)
  })

  it.each([
    ['a missing file', ['run', 'nowhere.ts'], /there is no file .*nowhere\.ts/],
    ['a module with a syntax error', ['run', 'syntax.ts'], /syntax\.ts could not be loaded/],
    ['JavaScript of ES modules in a package of CommonJS', ['run', 'commonjs/javascript.js'], /"type": "module"/],
    ['a module without a job', ['run', 'no-job.ts'], /no job as its default export/],
    ['a job without a sink', ['run', 'sinkless.ts'], /GRAPH_/],
    ['an unknown parameter', ['run', 'good.ts', '--param', 'x=1'], /x: there is no such parameter/],
    ['a parameters file that is not JSON', ['run', 'good.ts', '--params', 'parameters.json'], /cannot be read as JSON/],
    ['a folder to resume from that is not given', ['run', 'good.ts', '--resume'], /--resume needs --checkpoints/],
    [
      'an address that others can reach without a token',
      ['run', 'good.ts', '--operations-host', '0.0.0.0'],
      /give a token.*--operations-without-token/,
    ],
    [
      'a token file that is missing',
      ['run', 'good.ts', '--operations-token-file', 'none.txt'],
      /token file .* cannot be read/,
    ],
    ['a savepoint of a job that does not answer', ['savepoint', 'create', '127.0.0.1:1'], /OPERATIONS_UNREACHABLE/],
    ['a folder of checkpoints that is a file', ['run', 'good.ts', '--checkpoints', 'good.ts'], /STORAGE_FAILED/],
  ])('says in one line what is wrong with %s, and exits with 1', async (_what, args, message) => {
    const paths = args.map((arg, at) => (at > 0 && /\.(ts|js|json)$/.test(arg) ? file(arg) : arg))
    const { code, stdout, stderr } = await tidemark(...paths)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^ +at /m)
  })

  it('refuses an unknown command with a suggestion', async () => {
    const { code, stderr } = await tidemark('runn')
    expect([code, stderr]).toEqual([1, expect.stringContaining('Did you mean run')])
    expect(stderr).not.toMatch(/^ +at /m)
  })

  // What nothing is loaded for needs no process of its own.
  it.each([
    [['status', 'http://127.0.0.1:1'], /no job answers at .*ECONNREFUSED/],
    [['stop', 'http://:0:0'], /is no URL such as/],
    [['run', 'good.ts', '--paralelism', '2'], /Did you mean --parallelism/],
    [['run', 'good.ts', '--parallelism', '0'], /whole number from 1/],
    [['run', 'good.ts', '--checkpoint-interval', '5'], /not a duration/],
    [['run', 'good.ts', '--param', 'novalue'], /name=value/],
    [['run'], /missing required argument 'job'/],
    [['dev', 'kinesis', '--port', '70000'], /port from 0 to 65535/],
    [['run', 'good.ts', '--operations-port', 'x'], /port from 0 to 65535/],
    [['run', 'good.ts', '--log-level', 'all'], /Allowed choices are debug, info, warn, error/],
    [['run', 'good.ts', '--operations-token', 'x'], /unknown option.*--operations-token/],
    [['stop', '--drain', 'later'], /Allowed choices are now, atTip/],
  ])('refuses %j with a suggestion or what it expected', async (args, message) => {
    const { code, out, error } = await tidemarkHere(...args)
    expect([code, out]).toEqual([1, ''])
    expect(error).toMatch(message)
    expect(error).not.toMatch(/^ +at /m)
  })

  it('hides the secrets of what it was given in what it says of it', async () => {
    const { code, stderr } = await tidemark('status', 'http://me:hunter2@127.0.0.1:1')
    expect([code, stderr]).toEqual([1, expect.stringContaining('OPERATIONS_UNREACHABLE')])
    expect(stderr).not.toContain('hunter2')
  })

  it('ends a job whose code throws with one line that names operator and record, once its restarts are used up', async () => {
    const { code, stderr } = await tidemark('run', file('broken.ts'), '--no-restart')
    expect(code).toBe(1)
    expect(stderr).toMatch(/"msg":"the job failed: .*map-1.*two/)
  })
})
