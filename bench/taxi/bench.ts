import { LoopHolds } from '../loop/loop-holds.js'
import { HOLDS_EXPLAINED, holdsTable } from '../loop/table.js'
import { type Contender, measure, median, speedRatio } from '../measure.js'
import { fixed, heading, ratioText, table, thousands } from '../table.js'
import { bareLoop } from './bare-loop.js'
import { taxiBytes } from './events.js'
import { taxiPipeline } from './pipeline.js'
import { difference, type TaxiResults } from './results.js'
import { rxjsPipeline } from './rxjs-pipeline.js'

export interface TaxiBenchOptions {
  readonly trips: number
  readonly rounds: number
}

const NEEDED_RATIO = 0.6

/** The taxi job from JSON bytes to counted windows, beside a loop written by hand and beside rxjs. */
export async function benchTaxi({ trips, rounds }: TaxiBenchOptions): Promise<boolean> {
  const { records, twoShards, bytes } = await taxiBytes(trips)
  heading(
    `taxi: ${thousands(records.length)} events of ${Math.round(bytes / records.length)} bytes, ` +
      `${rounds} rounds in turn, Node ${process.version}`,
  )
  const contenders: Contender<TaxiResults>[] = [
    { name: 'bare loop', run: () => bareLoop(records) },
    { name: 'Tidemark, parallelism 1', run: () => taxiPipeline([records], 1) },
    { name: 'Tidemark, parallelism 2', run: () => taxiPipeline(twoShards, 2) },
    { name: 'rxjs', run: () => rxjsPipeline(records) },
  ]
  const measured = await measure(contenders, { warmUps: 2, rounds })
  const [bare, one] = measured
  const rxjs = measured.at(-1)
  if (!bare || !one || !rxjs) return false
  console.log(
    table(
      ['', 'events/s', 'of the bare loop', 'of rxjs', 'of the bare loop, by CPU time'],
      measured.map(({ name, times, cpuTimes }) => [
        name,
        thousands(records.length / (median(times) / 1000)),
        ratioText(speedRatio(times, bare.times)),
        ratioText(speedRatio(times, rxjs.times)),
        ratioText(speedRatio(cpuTimes, bare.cpuTimes)),
      ]),
    ),
  )
  console.log(
    '\n  Medians over the rounds; in brackets the least and the most of a round. More is faster. Processor time\n' +
      '  counts all threads, the collector and the compiler too; other processes on the machine disturb it less.',
  )
  const wrong = measured.flatMap(({ name, result }) => {
    const found = difference(result, bare.result)
    return found === undefined ? [] : [`${name}: ${found}`]
  })
  const rows = `${thousands(bare.result.pickups.length)} cells and hours, ${thousands(bare.result.durations.length)} airport averages`
  console.log(wrong.length === 0 ? `  All results are equal: ${rows}.` : `  RESULTS DIFFER: ${wrong.join('; ')}`)

  const holds = new LoopHolds()
  holds.start()
  await taxiPipeline([records], 1)
  await taxiPipeline(twoShards, 2)
  const report = await holds.stop()
  heading('how long the event loop was held, over one run of each parallelism')
  console.log(holdsTable([{ name: 'taxi job', report }]))
  console.log(`\n${HOLDS_EXPLAINED}`)

  heading('what this does not measure')
  console.log(
    [
      'a network, a Kinesis, files: records lie in memory, rows go to an array',
      'checkpoints while it runs (one at the end, to memory); the other two contenders have none at all',
      'more than one core: both parallelisms share one event loop, 2 costs the exchange and gains nothing',
      'late or malformed records, backpressure from a sink, state larger than memory',
      `other machines: ratios hold better than events/s, and even they are of this run alone`,
    ]
      .map((line) => `  - ${line}`)
      .join('\n'),
  )
  const ratio = speedRatio(one.times, bare.times).median
  const isEnough = ratio >= NEEDED_RATIO
  console.log(
    `\n  ${fixed(ratio, 2)} of the bare loop; at least ${NEEDED_RATIO} is wanted: ${isEnough ? 'met' : 'MISSED'}`,
  )
  return wrong.length === 0 && isEnough && report.above50 === 0
}
