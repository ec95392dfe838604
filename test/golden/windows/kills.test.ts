import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bundled } from '../../setup/bundled.js'
import { choices, IS_WHOLE, SEED } from '../taxi/seeded.js'
import { expectedResults, makeEvents } from './expected.js'
import type { ChildOptions } from './kill-child.js'
import { resultsIn } from './run-job.js'

const ROOT = resolve(import.meta.dirname, '../../..')
const KILLS = IS_WHOLE ? 20 : 1
const EVENTS = 1000 * KILLS
/** Between two batches of a split: so long that the job has work left at every kill, also where it is slow. */
const PAUSE_MS = 500

function start(module: string, options: ChildOptions) {
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', module, JSON.stringify(options)], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let error = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    error += text
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<{ readonly code: number | null; readonly error: string }>((done) =>
    child.on('close', (code) => done({ code, error })),
  )
  return { child, ended }
}

/** Something is visible that was not: a checkpoint has been completed since. Undefined when it ends first. */
async function moreVisible(out: string, than: number, isOver: () => boolean): Promise<number | undefined> {
  while (!isOver()) {
    const now = (await readdir(join(out, 'running')).catch(() => [])).filter((name) => name.endsWith('.jsonl')).length
    if (now > than) return now
    await pause(10)
  }
  return undefined
}

describe(`a job of windows (seed ${SEED})`, () => {
  it.each(IS_WHOLE ? (['heap', 'disk'] as const) : [choices(SEED).one(['heap', 'disk'])])(
    'killed again and again loses nothing and doubles nothing, state on %s',
    { timeout: 60_000 + KILLS * 10_000 },
    async (state) => {
      const random = choices(SEED)
      const folder = await mkdtemp(join(tmpdir(), 'tidemark-windows-kills-'))
      onTestFinished(() => rm(folder, { recursive: true, force: true }))
      const module = await bundled('test/golden/windows/kill-child.ts')
      const out = join(folder, 'out')
      const options = (pauseMs: number): ChildOptions => ({
        out,
        to: join(folder, 'checkpoints'),
        seed: SEED % 1_000_000,
        count: EVENTS,
        pauseMs,
        parallelism: random.one([1, 2, 3]),
        state,
      })
      let visible = 0
      let kills = 0
      for (let round = 0; round < KILLS; round++) {
        const { child, ended } = start(module, options(PAUSE_MS))
        const seen = await moreVisible(out, visible, () => child.exitCode !== null)
        if (seen === undefined) throw new Error(`it ended by itself:\n${(await ended).error}`)
        visible = seen
        child.kill('SIGKILL')
        const { code } = await ended
        if (code === null) kills++
      }
      expect(kills, 'kills before the input had ended').toBe(KILLS)
      expect(await start(module, options(0)).ended).toEqual({ code: 0, error: expect.any(String) })
      expect(await resultsIn(out)).toEqual(expectedResults(makeEvents(SEED % 1_000_000, EVENTS)))
    },
  )
})
