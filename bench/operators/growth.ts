import { type Contender, measure, median } from '../measure.js'
import { fixed, heading, table, thousands } from '../table.js'
import type { Total } from './case.js'
import { type Cliff, cliffs } from './cliffs.js'

const ROUNDS = 2
const TIMES = 10

/** What each record costs where there is ten times as much of what could be slow: a cost that does not grow is 1. */
export async function benchGrowth(many: number): Promise<boolean> {
  const few = many / TIMES
  heading(
    `cliffs: microseconds of the processor for a row in or out, with ${thousands(few)} and with ${thousands(many)}; ${ROUNDS} rounds in turn`,
  )
  const rows: string[][] = []
  let holds = true
  for (const cliff of cliffs()) {
    const { row, isHeld } = await growthOf(cliff, [few, many])
    rows.push(row)
    if (!isHeld) holds = false
  }
  console.log(table(['', thousands(few), thousands(many), 'growth', 'at most'], rows))
  return holds
}

async function growthOf({ name, most, prepare }: Cliff, sizes: readonly [number, number]) {
  const runs = sizes.map((amount) => ({ amount, run: prepare(amount) }))
  // What is compiled is compiled; a round of the many takes long.
  await runs[0]?.run()
  const contenders: Contender<Total>[] = runs.map(({ amount, run }) => ({ name: thousands(amount), run }))
  const measured = await measure(contenders, { warmUps: 0, rounds: ROUNDS })
  const costs = measured.map(({ cpuTimes, result }, index) => perRow(cpuTimes, (sizes[index] as number) + result.rows))
  const [few = [], more = []] = costs
  const growth = median(more.map((cost, round) => cost / (few[round] as number)))
  const isHeld = growth <= most
  return {
    row: [name, fixed(median(few), 2), fixed(median(more), 2), fixed(growth, 2), `${most}${isHeld ? '' : ': not met'}`],
    isHeld,
  }
}

const perRow = (times: readonly number[], rows: number): number[] => times.map((ms) => (ms * 1000) / rows)
