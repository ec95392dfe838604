import { join } from 'node:path'
import { Command, Option } from 'commander'
import { type Duration, minutes, seconds, TidemarkError } from 'tidemark'
import { generator } from 'tidemark/collection'
import { fileSink, jsonLines } from 'tidemark/file'
import { run } from 'tidemark/run'
import { countOf, durationOf, rateOf } from '../shared/arguments.js'
import { checkpointsFor } from '../shared/checkpoints.js'
import { command, print } from '../shared/command.js'
import { follow } from '../shared/follow.js'
import { clickstreamJob } from './job.js'
import { madeUpClicks } from './made-up.js'
import { report } from './report.js'
import { readVisits } from './results.js'
import { visitSink } from './sinks.js'

interface Options {
  readonly visits: number
  readonly seed: number
  readonly rate: number | undefined
  readonly gap: Duration
  readonly length: Duration
  readonly out: string
  readonly s3: string | undefined
  readonly s3Endpoint: string | undefined
  readonly parallelism: number
  readonly checkpoints: string | undefined
  readonly checkpointInterval: Duration
}

function parse(argv: readonly string[]): Options {
  const duration = (flags: string, description: string) => new Option(flags, description).argParser(durationOf)
  const options = new Command('clickstream')
    .description('Clicks by user and device, as sessions and as stagger windows, to Parquet.')
    .option('--visits <n>', 'how many to make up', countOf, 5000)
    .option('--seed <n>', 'of what is made up', countOf, 1)
    .option('--rate <n>', "clicks a second, or 'max'", rateOf)
    .addOption(duration('--gap <duration>', 'a session ends after so long without a click').default(minutes(10), '10m'))
    .addOption(duration('--length <duration>', 'of a stagger window').default(minutes(15), '15m'))
    .option('--out <folder>', 'folder of the results', 'out/clickstream')
    .option('--s3 <place>', 's3://bucket/folder for the visits, instead of the folder; they are not read back')
    .option('--s3-endpoint <url>', 'of another S3 than AWS; credentials come from the environment')
    .option('--parallelism <n>', 'subtasks of each step', countOf, 2)
    .option('--checkpoints <folder>', 'kept there, and gone on from by a second run; default: in memory')
    .addOption(duration('--checkpoint-interval <duration>', 'such as 500ms').default(seconds(1), '1s'))
    .allowExcessArguments(false)
    .parse(argv, { from: 'user' })
    .opts<Options>()
  if (options.s3 !== undefined && !options.s3.startsWith('s3://')) {
    throw refused(`--s3 is s3://bucket/folder, found ${options.s3}; a folder is for --out`)
  }
  if (options.s3Endpoint !== undefined && options.s3 === undefined) {
    throw refused('--s3-endpoint needs --s3 s3://bucket/folder')
  }
  return options
}

function refused(message: string): TidemarkError {
  return new TidemarkError({ code: 'CLICKSTREAM_OPTIONS', domain: 'user', message })
}

await command(async () => {
  const options = parse(process.argv.slice(2))
  const { visits, seed, rate, gap, length, out, s3, s3Endpoint, parallelism, checkpoints } = options
  const made = madeUpClicks({ visits, seed })
  print(`${visits.toLocaleString('en-US')} visits of ${made.length.toLocaleString('en-US')} clicks are made up`)
  const to = (name: string) => visitSink({ out: s3 ?? out, name, s3Endpoint })
  const job = clickstreamJob({
    clicks: generator({ make: (index) => made[index]!, count: made.length, ...(rate === undefined ? {} : { rate }) }),
    sessions: to('sessions'),
    stagger: to('stagger'),
    late: fileSink({ path: join(out, 'late_clicks'), staging: join(out, '.staging'), format: jsonLines() }),
    gap,
    length,
  })
  const folders = ['sessions', 'stagger', 'late_clicks', '.staging'].map((name) => join(out, name))
  const interval = options.checkpointInterval
  const handle = await run(job, { parallelism, ...(await checkpointsFor({ checkpoints, interval, folders })) })
  const { status } = await follow(handle, print)
  if (status !== 'finished') {
    print(`${status}${checkpoints === undefined ? '' : ': the same command goes on'}`)
    return
  }
  if (s3 === undefined) {
    const results = [await readVisits(join(out, 'sessions')), await readVisits(join(out, 'stagger'))] as const
    for (const line of report(...results)) print(line)
  }
  print(`in ${s3 ?? out}`)
})
