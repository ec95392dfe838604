import { join, resolve } from 'node:path'
import { airportAverages, hottestCells, usesColour, writeReport } from './report/index.js'
import { parseTaxiOptions, type TaxiOptions } from './run/options.js'
import { describeOutputs } from './run/outputs.js'
import { countEvents } from './run/progress.js'
import { readResults } from './run/results.js'
import { runTaxi, type TaxiRun } from './run/taxi.js'
import { messageOf } from './trips/index.js'

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const whole = (count: number): string => Math.round(count).toLocaleString('en-US')

async function main(): Promise<void> {
  const options = parseTaxiOptions(process.argv.slice(2))
  const taxi = await runTaxi(options, process.stdout)
  if (taxi.result.savepoint) {
    const { location, bytes } = taxi.result.savepoint
    print(
      `${taxi.result.status} with a savepoint of ${whole(bytes / 1024)} KB: go on with --from-savepoint ${location}`,
    )
    return
  }
  if (taxi.result.status !== 'finished') {
    const canResume = options.kinesis !== undefined && options.checkpoints !== undefined
    print(`${taxi.result.status}${canResume ? ' with a checkpoint: go on with --resume --no-replay' : ''}`)
    return
  }
  const results = await readResults(options.out)
  const colour = usesColour(process.stdout)
  print('')
  print('hottest cells by hour')
  print(hottestCells(results.pickupCounts, { colour }))
  print('')
  print('trips to the airports, average minutes')
  print(airportAverages(results.tripDurations, { colour }))
  print('')
  printFacts(taxi, results.pickupCounts.length, results.tripDurations.length)
  for (const line of describeOutputs(taxi.result.progress, options)) print(line)
  if (!options.report) return
  const path = resolve(join(options.out, 'report.html'))
  await writeReport(path, { ...results, run: facts(taxi, options) })
  print(path)
}

function printFacts(taxi: TaxiRun, pickupRows: number, durationRows: number): void {
  const { used, filtered, late, malformed } = countEvents(taxi.result.progress)
  const unreadable = taxi.replayed?.reading?.unreadable ?? 0
  print(
    `trips: ${whole(used)} used, ${whole(filtered)} outside New York, ${whole(late)} late, ` +
      `${whole(unreadable)} unreadable rows, ${whole(malformed)} malformed events`,
  )
  const { checkpoints, longestTurnMs } = taxi.result.progress
  print(
    `${whole(pickupRows)} rows of pickup_count, ${whole(durationRows)} of trip_duration, ` +
      `${checkpoints.completed} checkpoints, longest turn of the event loop ${Math.round(longestTurnMs)} ms`,
  )
}

function facts(taxi: TaxiRun, options: TaxiOptions) {
  const { progress } = taxi.result
  const counts = countEvents(progress)
  return {
    source: taxi.source,
    events: counts.events,
    eventsPerSecond: (counts.events * 1000) / taxi.elapsedMs,
    elapsedMs: taxi.elapsedMs,
    late: counts.late,
    malformed: counts.malformed,
    filtered: counts.filtered,
    unreadable: taxi.replayed?.reading?.unreadable,
    checkpoints: progress.checkpoints.completed,
    parallelism: options.parallelism,
    shards: options.kinesis === undefined ? options.shards : undefined,
    watermarks: options.watermarks,
  }
}

try {
  await main()
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n`)
  process.exitCode = 1
}
