import { type Contender, type Measured, measure, median, speedRatio } from '../measure.js'
import { heading, ratioText, table, thousands } from '../table.js'
import type { OperatorCase, Total } from './case.js'
import { benchGrowth } from './growth.js'
import { joinCases } from './joins.js'
import { patternCases } from './patterns.js'
import { chanceRides } from './rides.js'
import { stepCases } from './steps.js'
import { windowCases } from './windows.js'

const ZONES = 100
const STEP_MS = 15

export interface Sizes {
  readonly rides: number
  /** Timers, sessions, keys at once. */
  readonly many: number
  readonly rounds: number
}

/** Every operator beside a loop that computes the same; and what it costs with ten times as much of what is hard. */
export async function benchOperators({ rides, many, rounds }: Sizes): Promise<boolean> {
  const agrees = await benchCases(rides, rounds)
  return (await benchGrowth(many)) && agrees
}

async function benchCases(amount: number, rounds: number): Promise<boolean> {
  const rides = chanceRides(amount, { zones: ZONES, stepMs: STEP_MS })
  const others = chanceRides(amount, { zones: ZONES, stepMs: STEP_MS, seed: 2 })
  heading(
    `operators: ${thousands(amount)} rides of ${ZONES} zones (joins: on each side), ${rounds} rounds, each operator in turn with its loop`,
  )
  const groups = [stepCases(rides), windowCases(rides), joinCases(rides, others), patternCases(rides)]
  const rows: string[][] = []
  let agrees = true
  for (const one of groups.flat()) {
    const { row, isSame } = await caseRow(one, rounds)
    rows.push(row)
    if (!isSame) agrees = false
  }
  console.log(table(['', 'records / CPU s', 'the loop', 'of the loop', 'rows out'], rows))
  console.log(
    [
      '',
      '  Rows out and their sums are the same. An operator has a source, watermarks, batches and a sink around it, and state',
      '  that a checkpoint can take; the loop has its records in order, waits for none and keeps nothing to be restored.',
      '  Not measured: decoding, an exchange between subtasks, checkpoints while it runs.',
    ].join('\n'),
  )
  return agrees
}

async function caseRow({ name, records, engine, plain }: OperatorCase, rounds: number) {
  const contenders: Contender<Total>[] = [
    { name, run: engine },
    { name: 'loop', run: plain },
  ]
  const [ours, loop] = (await measure(contenders, { warmUps: 1, rounds })) as [Measured<Total>, Measured<Total>]
  const isSame = ours.result.equals(loop.result)
  const rowsOut = isSame ? thousands(ours.result.rows) : `${text(ours.result)}, not ${text(loop.result)}`
  const rate = ({ cpuTimes }: Measured<Total>): string => thousands(records / (median(cpuTimes) / 1000))
  return { row: [name, rate(ours), rate(loop), ratioText(speedRatio(ours.cpuTimes, loop.cpuTimes)), rowsOut], isSame }
}

const text = ({ rows, sum }: Total): string => `${thousands(rows)} (sum ${thousands(sum)})`
