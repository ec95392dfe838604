import { Command } from 'commander'
import { TidemarkError } from 'tidemark'
import { ORDERING_CAPACITY } from '../trips/index.js'
import { countOf, instantOf, speedupOf, wholeNumber } from './arguments.js'
import { isAws } from './client.js'
import { DEFAULT_SPEEDUP, type Speedup } from './schedule.js'

export interface ReplayCommandOptions {
  readonly trips: readonly string[]
  readonly kinesis: string
  readonly stream: string
  readonly shards: number
  readonly speedup: Speedup
  readonly seek: string | undefined
  readonly orderingBuffer: number
  readonly aggregate: boolean
  readonly resumeFile: string | undefined
  readonly fanOut: boolean
  readonly reshard: number | undefined
  readonly seed: number
}

/** The consumer of enhanced fan-out that the taxi job reads with. */
export const CONSUMER = 'taxi-hotspots'

/**
 * What the command line asks for.
 * @throws TidemarkError TAXI_OPTIONS for options that do not go together; commander's own for what it cannot read
 */
export function parseReplayOptions(argv: readonly string[]): ReplayCommandOptions {
  const options = command().parse(argv, { from: 'user' }).opts<ReplayCommandOptions>()
  if (options.reshard !== undefined) requireLocal(options.kinesis)
  return options
}

/** @throws TidemarkError TAXI_OPTIONS */
export function requireLocal(kinesis: string): void {
  if (!isAws(kinesis)) return
  throw new TidemarkError({
    code: 'TAXI_OPTIONS',
    domain: 'user',
    message: `--reshard splits and merges shards at random: it is for a local Kinesis, and --kinesis is ${kinesis}`,
  })
}

function command(): Command {
  return new Command('taxi:replay')
    .description('Puts taxi trips into a Kinesis stream in the order of their drop-off, with watermark markers.')
    .requiredOption('--trips <file...>', 'trip files: CSV of the TLC from 2009 to 2016, or JSON lines; plain or gzip')
    .requiredOption('--kinesis <url>', 'Kinesis to put them into, such as http://127.0.0.1:4567')
    .option('--stream <name>', 'stream, created if it is missing', 'taxi')
    .option('--shards <n>', 'shards of a stream that is created', wholeNumber, 4)
    .option('--speedup <n>', "event time that passes in a second, or 'max'", speedupOf, DEFAULT_SPEEDUP)
    .option('--seek <instant>', 'leave out trips that ended before, such as 2013-01-01T06:00:00Z', instantOf)
    .option('--ordering-buffer <trips>', 'trips held back to put them in order', countOf, ORDERING_CAPACITY)
    .option('--aggregate', 'pack trips into aggregated (KPL) records', false)
    .option('--resume-file <path>', 'keep the position in this file; where it is there, go on from it')
    .option('--fan-out', `register consumer '${CONSUMER}', with which the job reads if it is given --fan-out`, false)
    .option(
      '--reshard <n>',
      'split and merge shards so many times meanwhile, at random; a local Kinesis only',
      wholeNumber,
    )
    .option('--seed <n>', 'of the choices of --reshard', countOf, 1)
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
}
