import { readdir } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { type LocalS3, type S3FaultRule, startLocalS3 } from 'tidemark/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bundled } from '../../setup/bundled.js'
import { folderOfTest } from '../folder.js'
import { startChild } from '../killed.js'
import { STATES } from '../killed-job.js'
import { resultsIn } from '../results-in.js'
import { choices, SEED } from '../taxi/seeded.js'
import { makeInput } from './events.js'
import { expectedResults } from './expected.js'
import { RESULTS } from './job.js'
import type { ChildOptions } from './kill-child.js'

const KILLS = Number(process.env['TIDEMARK_KILLS'] ?? 10)
const PAYMENTS = 400 * KILLS + 2000
const SPLITS = 3
/** Between two batches of a split: the input lasts for all kills, whatever the machine. */
const PAUSE_MS = Math.ceil((KILLS * 2500 * SPLITS * 61) / PAYMENTS)

/** Everything that the server can do to a request, now and then. */
const FAULTS: readonly S3FaultRule[] = [
  { rate: 0.02, fault: { kind: 'slowDown' } },
  { rate: 0.02, fault: { kind: 'internalError' } },
  { rate: 0.02, fault: { kind: 'resetBefore' } },
  { rate: 0.04, fault: { kind: 'replyLost' } },
  { rate: 0.02, fault: { kind: 'slow', ms: 150, when: 'after' } },
  { rate: 0.003, fault: { kind: 'accessDenied' } },
  { operation: 'GetObject', rate: 0.03, fault: { kind: 'truncated' } },
  { operation: 'GetObject', rate: 0.03, fault: { kind: 'corrupted' } },
  { operation: 'PutObject', rate: 0.01, fault: { kind: 'errorInBody' } },
]

/** Names that the newest entry of the log leads to, and the log's own. */
async function neededObjects(s3: LocalS3): Promise<{ readonly needed: Set<string>; readonly all: readonly string[] }> {
  const all = s3.keys('state', '')
  const log = all.filter((key) => key.includes('/log/')).sort()
  const needed = new Set(log)
  const entry = JSON.parse(JSON.parse(textOf(s3, log.at(-1) ?? '')).body)
  for (const { id, generation } of entry.state.checkpoints) {
    const digits = (value: number): string => String(value).padStart(10, '0')
    const manifest = `job/checkpoints/${digits(id)}-${digits(generation)}/manifest.json`
    needed.add(manifest)
    for (const { subtasks, enumerator } of JSON.parse(textOf(s3, manifest)).operators) {
      if (enumerator) needed.add(`job/${enumerator.name}`)
      for (const { keyed, state } of subtasks) {
        for (const { name } of keyed) needed.add(`job/${name}`)
        if (state) needed.add(`job/${state.name}`)
      }
    }
  }
  return { needed, all }
}

const textOf = (s3: LocalS3, key: string): string => s3.read('state', key)?.toString('utf8') ?? '{}'

describe(`the golden job on an S3 that fails now and then (seed ${SEED})`, () => {
  it.each(STATES)(
    `killed ${KILLS} times it loses nothing, doubles nothing and leaks nothing, state on %s`,
    {
      timeout: 60_000 + KILLS * 12_000,
    },
    async (state) => {
      const random = choices(SEED)
      const out = await folderOfTest('kills')
      const s3 = await startLocalS3({ random: { next: () => random.between(0, 999_999) / 1_000_000 } })
      onTestFinished(() => s3.close())
      s3.createBucket('state')
      for (const rule of FAULTS) s3.faults.add(rule)
      const module = await bundled('test/golden/jobs/kill-child.ts')
      const { endpoint, region, credentials } = s3
      const options = (pauseMs: number): ChildOptions => ({
        out,
        to: 's3://state/job',
        seed: SEED % 1_000_000,
        payments: PAYMENTS,
        splits: SPLITS,
        pauseMs,
        parallelism: random.one([1, 2, 3]),
        state,
        s3: { endpoint, region, credentials },
      })
      let kills = 0
      let starts = 0
      for (;;) {
        starts++
        const killed = kills < KILLS
        // What is left comes as fast as it can.
        const { child, ended } = startChild(module, options(killed ? PAUSE_MS : 0))
        if (killed) {
          await Promise.race([pause(random.between(300, 2500)), ended])
          child.kill('SIGKILL')
        }
        const { code, signal, error } = await ended
        if (signal === 'SIGKILL') kills++
        if (code === 0) break
        // Faults in a row may end a start, or exhaust the restarts: then somebody starts it again.
        if (starts > KILLS * 3 + 20) throw new Error(`${starts} starts, the last one said:\n${error}`)
      }
      expect(kills, 'kills before the input had ended').toBe(KILLS)
      const input = makeInput(SEED % 1_000_000, { payments: PAYMENTS, splits: SPLITS })
      expect(await resultsIn(out, RESULTS)).toEqual(expectedResults(input))

      // A last start has nothing to do but to sweep.
      s3.faults.clear()
      expect(await startChild(module, options(0)).ended).toMatchObject({ code: 0, signal: null })
      expect(await resultsIn(out, RESULTS)).toEqual(expectedResults(input))
      const { needed, all } = await neededObjects(s3)
      // Probes of starts that were killed go when they are old: before that another start may be at it.
      expect(all.filter((key) => !needed.has(key) && !key.startsWith('job/preflight/'))).toEqual([])
      const staged = await readdir(out, { recursive: true, withFileTypes: true })
      expect(
        staged.filter((entry) => entry.isFile() && !/\.jsonl$|\.tidemark$/.test(entry.name)).map(({ name }) => name),
      ).toEqual([])
    },
  )
})
