import { join } from 'node:path'
import { Command, Option } from 'commander'
import { type Duration, hours, type Source, seconds } from 'tidemark'
import { generator } from 'tidemark/collection'
import { deadLetterLines, fileSink, files, jsonLines } from 'tidemark/file'
import { run } from 'tidemark/run'
import { countOf, durationOf, rateOf } from '../shared/arguments.js'
import { checkpointsFor } from '../shared/checkpoints.js'
import { command, print } from '../shared/command.js'
import { follow } from '../shared/follow.js'
import { readJsonLines } from '../shared/read-json-lines.js'
import { type RideEvent, rideFile } from './event.js'
import { type LongRide, type Ride, ridesJob, type Withdrawn } from './job.js'
import { madeUpEvents } from './made-up.js'
import { report } from './report.js'

interface Options {
  readonly events: string | undefined
  readonly rides: number
  readonly seed: number
  readonly rate: number | undefined
  readonly longAfter: Duration
  readonly out: string
  readonly parallelism: number
  readonly checkpoints: string | undefined
  readonly checkpointInterval: Duration
}

const FOLDERS = ['rides', 'long_rides', 'withdrawn', 'unmatched_ends', 'malformed', '.staging']

function parse(argv: readonly string[]): Options {
  return new Command('rides')
    .description('Taxi rides from their start and end events, and those reported that have no end in time.')
    .option('--events <file>', 'ride events (CSV of docs/rides.md, plain or gzip); default: made-up ones')
    .option('--rides <n>', 'how many to make up', countOf, 20_000)
    .option('--seed <n>', 'of what is made up', countOf, 1)
    .option('--rate <n>', "made-up events a second, or 'max'", rateOf)
    .addOption(
      new Option('--long-after <duration>', 'how long a ride may take').argParser(durationOf).default(hours(2), '2h'),
    )
    .option('--out <folder>', 'folder of the results', 'out/rides')
    .option('--parallelism <n>', 'subtasks of each step', countOf, 2)
    .option('--checkpoints <folder>', 'kept there, and gone on from by a second run; default: in memory')
    .addOption(
      new Option('--checkpoint-interval <duration>', 'such as 500ms').argParser(durationOf).default(seconds(1), '1s'),
    )
    .allowExcessArguments(false)
    .parse(argv, { from: 'user' })
    .opts<Options>()
}

function sourceOf({ events, rides, seed, rate }: Options): Source<RideEvent> {
  if (events !== undefined) {
    return files({ path: events, format: rideFile(), onMalformed: 'deadLetter' })
  }
  const made = madeUpEvents({ rides, seed })
  print(`no --events given: ${rides.toLocaleString('en-US')} rides are made up, the same each time`)
  return generator({ make: (index) => made[index]!, count: made.length, ...(rate === undefined ? {} : { rate }) })
}

await command(async () => {
  const options = parse(process.argv.slice(2))
  const { out, parallelism, checkpoints, checkpointInterval: interval, longAfter } = options
  const to = <Row>(name: string) =>
    fileSink<Row>({ path: join(out, name), staging: join(out, '.staging'), format: jsonLines() })
  const job = ridesJob({
    events: sourceOf(options),
    rides: to('rides'),
    long: to('long_rides'),
    withdrawn: to('withdrawn'),
    unmatched: to('unmatched_ends'),
    malformed: fileSink({ path: join(out, 'malformed'), staging: join(out, '.staging'), format: deadLetterLines() }),
    longAfter,
  })
  const folders = FOLDERS.map((name) => join(out, name))
  const handle = await run(job, { parallelism, ...(await checkpointsFor({ checkpoints, interval, folders })) })
  const { status } = await follow(handle, print)
  if (status !== 'finished') {
    const how = checkpoints === undefined ? '' : ': the same command goes on'
    return print(`${status}${how}`)
  }
  const results = {
    rides: await readJsonLines<Ride>(join(out, 'rides')),
    long: await readJsonLines<LongRide>(join(out, 'long_rides')),
    withdrawn: await readJsonLines<Withdrawn>(join(out, 'withdrawn')),
    unmatched: await readJsonLines<RideEvent>(join(out, 'unmatched_ends')),
    malformed: await readJsonLines(join(out, 'malformed')),
  }
  for (const line of report(results)) print(line)
  print(`in ${out}`)
})
