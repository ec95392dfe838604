import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineJob, hours, millis, noWatermarks, seconds, valueState } from 'tidemark'
import { type CompletedCheckpoint, run } from 'tidemark/run'
import { type HoldReport, LoopHolds, worst } from '../loop/loop-holds.js'
import { HOLD_LIMIT_MS, HOLDS_EXPLAINED, holdsTable } from '../loop/table.js'
import { collectGarbage, median, type Ratio } from '../measure.js'
import { counting } from '../plain-sinks.js'
import { fixed, heading, megabytes, ratioText, table, thousands } from '../table.js'
import { makeUpdates, type Update, updatesSource } from './updates-source.js'

export interface SnapshotsBench {
  readonly keys: number
  readonly rounds: number
  /** Of updates, a run; of the first case, so that groups are written whole again in it. */
  readonly seconds: number
  readonly secondsOfFirst: number
}

interface Account {
  readonly updates: number
  readonly total: number
  readonly note: string
}

/** About a hundred bytes as they are stored, the key included. */
const NOTE = 'the state of an account, some fifty characters of it, and'

interface Outcome {
  readonly updatesPerSecond: number
  readonly checkpoints: readonly CompletedCheckpoint[]
  readonly holds: HoldReport
}

/** The share of the throughput without checkpoints that is wanted when a twentieth of the keys change a second. */
const WANTED = 0.9

/** A checkpoint a second while state changes: what it costs, how long it holds the loop, how much it writes. */
export async function benchSnapshots({ keys, rounds, ...lengths }: SnapshotsBench): Promise<boolean> {
  heading(`${thousands(keys)} keys of about 100 bytes, a checkpoint a second to a directory; ${rounds} rounds`)
  const all = makeUpdates(keys)
  const cases = [
    {
      name: 'a 20th of the keys changes between two',
      changing: Math.floor(keys / 20),
      seconds: lengths.secondsOfFirst,
    },
    { name: 'a 1000th', changing: Math.floor(keys / 1000), seconds: lengths.seconds },
    { name: 'all of them', changing: keys, seconds: lengths.seconds },
  ]
  const rows: string[][] = []
  const holds: { name: string; report: HoldReport }[] = []
  let isMet = true
  for (const { name, changing, seconds: length } of cases) {
    const pairs: { readonly without: Outcome; readonly with: Outcome }[] = []
    for (let round = 0; round < rounds; round++) {
      const plan = { keys, changing, forMs: length * 1000 }
      const without = await measured(all, plan, false)
      pairs.push({ without, with: await measured(all, plan, true) })
    }
    const ratio = ratioOf(pairs.map((pair) => pair.with.updatesPerSecond / pair.without.updatesPerSecond))
    const taken = pairs.flatMap((pair) => pair.with.checkpoints)
    const bytes = taken.map((checkpoint) => checkpoint.bytes)
    rows.push([
      name,
      ratioText(ratio),
      String(taken.length),
      megabytes(mean(bytes)),
      fixed(mean(bytes) / changing, 0),
      `${fixed(mean(taken.map(({ durationMs }) => durationMs)), 0)} ms`,
    ])
    const reports = pairs.map((pair) => pair.with.holds)
    holds.push(
      { name, report: worst(reports) },
      { name: '  without checkpoints', report: worst(pairs.map((pair) => pair.without.holds)) },
    )
    if (changing < keys && ratio.median < WANTED) isMet = false
    if (reports.some(({ above50 }) => above50 > 0)) isMet = false
  }
  console.log(table(['', 'of the throughput without', 'checkpoints', 'MB each', 'bytes a changed key', 'takes'], rows))
  console.log(`\n${holdsTable(holds)}`)
  console.log(`\n${HOLDS_EXPLAINED}`)
  console.log(
    `  Wanted: at least ${WANTED} while a twentieth changes, no hold above ${HOLD_LIMIT_MS} ms. A checkpoint of a`,
  )
  console.log('  group writes what changed, and now and then the whole group: bytes are the mean over both.')
  console.log('  Not measured: storage that is far away, more than one core, decoding of records.')
  return isMet
}

async function measured(
  all: readonly Update[],
  plan: { readonly keys: number; readonly changing: number; readonly forMs: number },
  hasCheckpoints: boolean,
): Promise<Outcome> {
  collectGarbage()
  const source = updatesSource(all, { ...plan, hasCheckpoints })
  const job = defineJob('accounts', (job) => {
    job
      .from('updates', source, noWatermarks())
      .keyBy((update) => update.key)
      .process('accounts', {
        state: { account: valueState<Account>() },
        process(update, { state }) {
          const before = state.account.value()
          state.account.update({
            updates: (before?.updates ?? 0) + 1,
            total: (before?.total ?? 0) + update.amount,
            note: NOTE,
          })
          return []
        },
      })
      .to('rows', counting<unknown>())
  })
  const to = await mkdtemp(join(tmpdir(), 'tidemark-snapshots-'))
  try {
    const interval = hasCheckpoints ? seconds(1) : hours(10)
    const handle = await run(job, { checkpoints: { to, interval, minPause: millis(0) } })
    while (!source.isFilled) await new Promise((resolve) => setTimeout(resolve, 20))
    // The first checkpoint is whole: increments are what is measured.
    await handle.checkpoint()
    const first = handle.progress().checkpoints.completed
    const holds = new LoopHolds()
    holds.start()
    const checkpoints: CompletedCheckpoint[] = []
    const begin = { updates: source.updates, at: performance.now() }
    const watching = setInterval(() => {
      const { completed, last } = handle.progress().checkpoints
      if (completed > first + checkpoints.length && last !== undefined) checkpoints.push(last)
    }, 50)
    const until = begin.at + plan.forMs - 3000
    while (performance.now() < until && handle.status === 'running')
      await new Promise((resolve) => setTimeout(resolve, 50))
    const updatesPerSecond = (source.updates - begin.updates) / ((performance.now() - begin.at) / 1000)
    clearInterval(watching)
    const report = await holds.stop()
    await handle.cancel()
    return { updatesPerSecond, checkpoints, holds: report }
  } finally {
    await rm(to, { recursive: true, force: true, maxRetries: 5 })
  }
}

const ratioOf = (values: readonly number[]): Ratio => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
})

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
