import { type Contender, type Measured, measure, median } from '../measure.js'
import { fixed, heading, thousands } from '../table.js'
import type { Total } from './case.js'
import { type Cliff, cliffs } from './cliffs.js'

const ROUNDS = 2
const TIMES = 10
const START_OF = 10

/** What each record costs where there is ten times as much of what could be slow: a cost that does not grow is 1. */
export async function benchGrowth(many: number): Promise<boolean> {
  const few = many / TIMES
  heading(
    `cliffs: microseconds of the processor for a row in or out, with ${thousands(few)} and with ${thousands(many)}; ${ROUNDS} rounds in turn`,
  )
  const all = cliffs()
  const width = Math.max(...all.map(({ name }) => name.length))
  // Line by line: it takes minutes.
  const print = ([name = '', ...cells]: readonly string[]): void =>
    console.log(`  ${name.padEnd(width)}${cells.map((cell) => cell.padStart(12)).join('')}`)
  print(['', thousands(few), thousands(many), 'growth', 'at most'])
  let holds = true
  for (const cliff of all) {
    const { row, isHeld } = await growthOf(cliff, [few, many])
    print(row)
    if (!isHeld) holds = false
  }
  return holds
}

async function growthOf({ name, most, prepare }: Cliff, [few, many]: readonly [number, number]) {
  // A job of next to nothing: what its start costs is taken off.
  const contenders: Contender<Total>[] = [START_OF, few, many].map((amount) => {
    return { name: thousands(amount), run: prepare(amount) }
  })
  // What is compiled is compiled; a round of the many takes long.
  await contenders[1]?.run()
  const [start, ...measured] = (await measure(contenders, { warmUps: 0, rounds: ROUNDS })) as [
    Measured<Total>,
    Measured<Total>,
    Measured<Total>,
  ]
  const [cost, costOfMany] = measured.map(({ cpuTimes, result }, index) => {
    const rows = (index === 0 ? few : many) + result.rows
    return cpuTimes.map((ms, round) => ((ms - (start.cpuTimes[round] as number)) * 1000) / rows)
  }) as [number[], number[]]
  const growth = median(costOfMany.map((one, round) => one / (cost[round] as number)))
  const isHeld = growth <= most
  const bound = `${most}${isHeld ? '' : ', not met'}`
  return { row: [name, fixed(median(cost), 2), fixed(median(costOfMany), 2), fixed(growth, 2), bound], isHeld }
}
