import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis } from 'tidemark'
import { type JobHandle, lineLogger, run } from 'tidemark/run'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LocalS3, type S3Fault, startLocalS3 } from '../../../servers/s3/index.js'
import { expectedRows, numbered } from './numbered-job.js'

const jobFile = join(process.cwd(), 'test/runtime/storage/s3/numbered-job.ts')
const launcher = join(process.cwd(), 'runtime/cli/launcher.js')

let server: LocalS3
let folder: string
const children: ChildProcess[] = []

beforeEach(async () => {
  server = await startLocalS3({ buckets: ['state'] })
  folder = await mkdtemp(join(tmpdir(), 'tidemark-s3-job-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

async function rowsIn(out: string): Promise<string[]> {
  const rows: string[] = []
  for (const name of await readdir(out)) {
    if (!name.endsWith('.jsonl')) continue
    for (const line of (await readFile(join(out, name), 'utf8')).split('\n'))
      if (line !== '') rows.push(JSON.parse(line))
  }
  return rows.sort()
}

const checkpoints = (): number =>
  server.keys('state', 'job/checkpoints/').filter((key) => key.endsWith('manifest.json')).length

/** The highest checkpoint that there is: later ones replace earlier ones. */
const newest = (): string => server.keys('state', 'job/log/').at(-1) ?? ''

describe('a job with its state on S3', () => {
  it('is taken over while it still runs: the first one is deposed, and the output is exact', async () => {
    const count = 20_000
    const out = join(folder, 'out')
    // Alone, the first one would need a minute and more.
    const start = (resume: boolean): Promise<JobHandle> =>
      run(numbered({ count, rate: resume ? 40_000 : 300, out }), {
        parallelism: resume ? 3 : 2,
        logger: lineLogger({ write: () => undefined }),
        checkpoints: {
          to: 's3://state/job',
          s3: { endpoint: server.endpoint, clientConfig: { credentials: server.credentials } },
          interval: millis(50),
          resume,
        },
      })
    const first = await start(false)
    await expect.poll(() => first.progress().checkpoints.completed, { timeout: 20_000 }).toBeGreaterThan(2)
    const second = await start(true)
    await expect(first.result).rejects.toMatchObject({ code: 'DEPOSED' })
    expect((await second.result).status).toBe('finished')
    expect(await rowsIn(out)).toEqual(expectedRows(count))
    expect(server.keys('state').filter((key) => key.includes('preflight'))).toEqual([])
  })

  it('is killed three times while S3 fails in every way, and the output is exact', async () => {
    const count = 40_000
    const out = join(folder, 'out')
    const faults: readonly S3Fault[] = [
      { kind: 'replyLost' },
      { kind: 'resetBefore' },
      { kind: 'internalError' },
      { kind: 'slowDown' },
      { kind: 'truncated' },
      { kind: 'corrupted' },
      { kind: 'errorInBody' },
      { kind: 'slow', ms: 50 },
    ]
    for (const fault of faults) server.faults.add({ rate: 0.02, fault })
    const tidemark = (): { child: ChildProcess; ended: Promise<{ code: number | null; stderr: string }> } => {
      const child = spawn(
        process.execPath,
        [
          ...['--no-warnings', launcher, 'run', jobFile, '--quiet', '--resume', '--checkpoint-interval', '100ms'],
          ...['--checkpoints', 's3://state/job', '--s3-endpoint', server.endpoint],
        ],
        {
          env: {
            ...process.env,
            NUMBERED_COUNT: String(count),
            NUMBERED_OUT: out,
            AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
            AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
          },
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      )
      children.push(child)
      let stderr = ''
      child.stderr?.on('data', (data) => {
        stderr += data
      })
      return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr }))) }
    }
    for (let kills = 0; kills < 3; kills++) {
      const { child, ended } = tidemark()
      const before = newest()
      const isOver = ended.then(({ stderr }) => Promise.reject(new RangeError(`it ended: ${stderr}`)))
      // Two more entries of the log: its claim, and a checkpoint.
      const wrote = expect.poll(() => checkpoints() > 0 && newest() > before, { timeout: 20_000 }).toBe(true)
      await Promise.race([wrote, isOver])
      child.kill('SIGKILL')
      isOver.catch(() => undefined)
      await ended
    }
    // What it logs on the way, such as a checkpoint that failed, is its own business.
    expect(await tidemark().ended).toMatchObject({ code: 0 })
    expect(await rowsIn(out)).toEqual(expectedRows(count))
    expect(Object.keys(server.faults.injected()).length).toBeGreaterThan(3)
  }, 60_000)
})

describe('the command line', () => {
  const refused = (...args: string[]): string => {
    try {
      execFileSync(process.execPath, ['--no-warnings', launcher, 'run', jobFile, ...args], {
        encoding: 'utf8',
        stdio: 'pipe',
        env: { ...process.env, AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local-secret' },
      })
      return 'it ran'
    } catch (error) {
      return String((error as { readonly stderr?: string }).stderr)
    }
  }

  it('says what is wrong with a location before the job starts', () => {
    expect(refused('--checkpoints', 's3:/state/job')).toMatch(/begin with s3:\/\/ .*STORAGE_LOCATION_INVALID/)
    expect(refused('--checkpoints', 'state', '--s3-endpoint', server.endpoint)).toMatch(/goes with --checkpoints s3:/)
  })
})
