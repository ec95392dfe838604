import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { expectPartOf, expectSameRows } from '../../../golden/taxi/compare.js'
import { type Choices, choices, SEED } from '../../../golden/taxi/seeded.js'
import { type LogState, newestLogState } from './job-log.js'
import { outputOf, unfinishedFiles, visibleFiles } from './output.js'
import type { Process } from './process.js'
import { streamOfTrips } from './stream-of-trips.js'

const KILLS = 22

/** When to kill: at a random moment while it reads, or right after something that a kill must not break in two. */
type Moment =
  | { readonly after: 'its claim'; readonly pauseMs: number }
  | { readonly after: 'a checkpoint'; readonly pauseMs: number }
  | { readonly after: 'a commit'; readonly pauseMs: number }
  | { readonly after: 'a result'; readonly pauseMs: number }

/** Every eighth goes on until a reader sees more: the others may all come before the end of a window. */
function momentOf(random: Choices, kills: number): Moment {
  const others = ['its claim', 'a checkpoint', 'a checkpoint', 'a checkpoint', 'a commit'] as const
  const after = kills % 8 === 7 ? 'a result' : random.one(others)
  // A claim is followed by commits of what is open, the restore, and the first reads.
  return { after, pauseMs: random.one([0, random.between(1, 30), random.between(30, 600)]) }
}

interface Seen extends LogState {
  readonly shown: number
}

const hasCome = (moment: Moment, before: Seen, now: Seen): boolean => {
  if (moment.after === 'a result') return now.shown > before.shown
  if (moment.after === 'its claim') return now.generation > before.generation
  if (moment.after === 'a checkpoint') return now.checkpoint > before.checkpoint
  return now.committed > before.committed && now.checkpoint > before.checkpoint
}

const seenIn = async ({ checkpoints, out }: { checkpoints: string; out: string }): Promise<Seen> => ({
  ...(await newestLogState(checkpoints)),
  shown: (await visibleFiles(out)).length,
})

/** False: the process ended before. */
async function killAt(process: Process, moment: Moment, hasBegun: () => Promise<boolean>): Promise<boolean> {
  if (!(await process.reaches(hasBegun, { what: moment.after }))) return false
  if (moment.pauseMs > 0) await pause(moment.pauseMs)
  return (await process.kill('SIGKILL')).signal === 'SIGKILL'
}

describe('the taxi job', () => {
  it(`killed ${KILLS} times while it reads gives each result once (seed ${SEED})`, { timeout: 300_000 }, async () => {
    const random = choices(SEED)
    const format = random.one(['jsonl', 'parquet'])
    const stream = await streamOfTrips({ trips: 110_000, seed: SEED % 1000, shards: 4, readBytes: 200_000 })
    const { golden, out, checkpoints } = stream
    const start = (...more: readonly string[]): Process =>
      stream.job(
        ...more,
        '--checkpoint-interval',
        '50ms',
        '--format',
        format,
        '--resume',
        '--parallelism',
        String(random.one([1, 2, 4])),
      )

    const resumedFrom = new Set<number>()
    let kills = 0
    let shown: string[] = []
    while (kills < KILLS) {
      const before = await seenIn(stream)
      const moment = momentOf(random, kills)
      const killed = await killAt(start(), moment, async () => hasCome(moment, before, await seenIn(stream)))
      const now = await newestLogState(checkpoints)
      // The stream lasts for all kills: one that ended, or read all, would prove nothing.
      expect({ moment, killed, isOpen: now.isOpen }).toEqual({ moment, killed: true, isOpen: true })
      if (before.checkpoint > 0) {
        kills++
        resumedFrom.add(before.checkpoint)
      }
      const visible = await visibleFiles(out)
      expect(visible).toEqual(expect.arrayContaining(shown))
      // A file that is visible stays as it is: at the end all of them are read.
      if (visible.length > shown.length) expectPartOf(await outputOf(out, format), golden)
      shown = visible
    }
    expect(resumedFrom.size).toBeGreaterThanOrEqual(10)
    // Results became visible between the kills, not only at the end.
    expect(shown.length).toBeGreaterThan(0)

    // What is left comes as fast as it can: nothing is killed any more.
    const last = await start('--fan-out').ended
    expect(last).toMatchObject({ code: 0, signal: null })
    expectSameRows(await outputOf(out, format), golden)
    expect(await unfinishedFiles(out)).toEqual([])
  })

  it('killed while it reads from `tidemark dev kinesis` as fast as it can gives each result once', {
    timeout: 120_000,
  }, async () => {
    const stream = await streamOfTrips({ trips: 150_000, seed: SEED % 1000, shards: 3, readBytes: undefined })
    const { golden, out, checkpoints } = stream
    const start = (): Process =>
      stream.job('--checkpoint-interval', '20ms', '--format', 'jsonl', '--resume', '--watermarks', 'bounded')
    for (const moment of [
      { after: 'a checkpoint', pauseMs: 0 },
      { after: 'a commit', pauseMs: 0 },
    ] as const) {
      const before = await seenIn(stream)
      const hasBegun = async () => hasCome(moment, before, await seenIn(stream))
      expect(await killAt(start(), moment, hasBegun)).toBe(true)
      expect(await newestLogState(checkpoints)).toMatchObject({ isOpen: true })
      expectPartOf(await outputOf(out, 'jsonl'), golden)
    }
    expect(await start().ended).toMatchObject({ code: 0, signal: null, error: '' })
    expectSameRows(await outputOf(out, 'jsonl'), golden)
    expect(await unfinishedFiles(out)).toEqual([])
  })
})
