import { Command, InvalidArgumentError, Option } from 'commander'
import { type Duration, parseDuration, TidemarkError } from 'tidemark'
import { connectionOf } from '../opensearch/connection.js'
import { countOf, speedupOf, wholeNumber } from '../replay/arguments.js'
import type { Speedup } from '../replay/index.js'
import { requireLocal } from '../replay/options.js'
import { bucketAndPrefix } from './places.js'

export interface TaxiOptions {
  readonly trips: readonly string[] | undefined
  readonly out: string
  readonly format: 'jsonl' | 'parquet'
  readonly parallelism: number
  readonly shards: number
  readonly speedup: Speedup
  readonly watermarks: 'markers' | 'bounded'
  readonly report: boolean
  readonly checkpoints: string | undefined
  readonly checkpointInterval: Duration
  readonly kinesis: string | undefined
  readonly stream: string
  readonly replay: boolean
  readonly resume: boolean
  readonly opensearch: string | undefined
  readonly indexPrefix: string
  readonly s3: string | undefined
  readonly s3Endpoint: string | undefined
  readonly state: 'heap' | 'disk'
  readonly stopAfter: number | undefined
  readonly savepoint: string | undefined
  readonly fromSavepoint: string | undefined
  readonly fanOut: boolean
  readonly aggregate: boolean
  readonly reshard: number | undefined
  readonly seed: number
}

/**
 * What the command line asks for.
 * @throws TidemarkError TAXI_OPTIONS for options that do not go together; commander's own for what it cannot read
 */
export function parseTaxiOptions(argv: readonly string[]): TaxiOptions {
  const options = command().parse(argv, { from: 'user' }).opts<TaxiOptions>()
  if (options.resume && options.kinesis === undefined) {
    throw refused('--resume needs --kinesis: the built-in Kinesis ended with the process that it was in')
  }
  if (options.resume && options.checkpoints === undefined) {
    throw refused('--resume needs --checkpoints DIR, the folder that the run wrote its checkpoints to')
  }
  if (!options.replay && options.kinesis === undefined) {
    throw refused('--no-replay needs --kinesis URL: without a replayer the built-in Kinesis is empty')
  }
  if (!options.replay && options.trips !== undefined) {
    throw refused('--trips and --no-replay contradict each other: trips come from files or from the stream')
  }
  if (!options.replay && options.aggregate) {
    throw refused('--aggregate and --no-replay contradict each other: it says how the replayer puts trips')
  }
  if (options.reshard !== undefined && options.kinesis !== undefined) requireLocal(options.kinesis)
  requireSavepointOptions(options)
  if (options.opensearch !== undefined) connectionOf(options.opensearch)
  if (options.indexPrefix !== '' && options.opensearch === undefined) {
    throw refused('--index-prefix goes with --opensearch URL, whose indices it names')
  }
  if (options.s3 !== undefined) bucketAndPrefix(options.s3)
  return options
}

function requireSavepointOptions({
  kinesis,
  checkpoints,
  stopAfter,
  savepoint,
  fromSavepoint,
  s3,
  s3Endpoint,
}: TaxiOptions) {
  if ((stopAfter === undefined) !== (savepoint === undefined)) {
    throw refused('--stop-after EVENTS and --savepoint PATH go together: when to stop, and where the savepoint goes')
  }
  for (const [name, given] of [
    ['--stop-after', stopAfter],
    ['--from-savepoint', fromSavepoint],
  ] as const) {
    if (given !== undefined && kinesis === undefined) {
      throw refused(
        `${name} needs --kinesis: a savepoint holds positions in a stream, and the built-in one ends with this process`,
      )
    }
  }
  const places = [s3, checkpoints, savepoint, fromSavepoint]
  if (s3Endpoint !== undefined && !places.some((place) => place?.startsWith('s3://'))) {
    throw refused(
      '--s3-endpoint goes with --s3, or --checkpoints, --savepoint or --from-savepoint that begin with s3://',
    )
  }
}

function command(): Command {
  return new Command('taxi')
    .description("New York's taxi hot spots, hour by hour: replays trips through Kinesis and runs the job on them.")
    .option('--trips <file...>', 'trip files (CSV of the TLC from 2009 to 2016, or JSON lines; plain or gzip)')
    .option('--out <dir>', 'folder of the results', 'out/taxi')
    .addOption(
      new Option('--format <format>', 'format of the results').choices(['jsonl', 'parquet']).default('parquet'),
    )
    .option('--parallelism <n>', 'subtasks of each operator', wholeNumber, 2)
    .option('--shards <n>', 'shards of a stream that is created', wholeNumber, 4)
    .option('--speedup <n>', "event time that passes in a second, or 'max'", speedupOf, 'max')
    .addOption(
      new Option('--watermarks <kind>', "the replayer's markers, or bounded: 60 s behind the latest trip")
        .choices(['markers', 'bounded'])
        .default('markers'),
    )
    .option('--no-report', 'leave out report.html')
    .option('--opensearch <url>', 'puts the results into this OpenSearch too, and areas that are busy')
    .option('--index-prefix <text>', 'before the names of the indices, such as test-', '')
    .option('--s3 <place>', 's3://bucket/prefix: archives all trips there, and what is in no result')
    .option('--checkpoints <place>', 'folder of the checkpoints, or s3://bucket/prefix; default: a temporary folder')
    .option('--s3-endpoint <url>', 'of another S3 than AWS; credentials come from the environment')
    .option('--checkpoint-interval <duration>', 'such as 500ms, 1s or 1m', durationOf, parseDuration('1s'))
    .option('--kinesis <url>', 'a Kinesis that is running, local or AWS, instead of the built-in one')
    .option('--stream <name>', 'name of the stream', 'taxi')
    .option('--no-replay', 'only the job: reads what is in the stream when it starts, then ends')
    .option('--resume', 'go on from the newest checkpoint in --checkpoints', false)
    .addOption(
      new Option('--state <where>', 'where windows are while the job runs: on the heap, or on disk behind a cache')
        .choices(['heap', 'disk'])
        .default('heap'),
    )
    .option(
      '--stop-after <trips>',
      'stop with a savepoint when so many trips have been read; needs --savepoint',
      countOf,
    )
    .option('--savepoint <place>', 'an empty folder, or s3://bucket/prefix, for the savepoint of --stop-after')
    .option('--from-savepoint <place>', 'go on from a savepoint, at any --parallelism')
    .option('--fan-out', 'read with enhanced fan-out, not by polling', false)
    .option('--aggregate', 'replay trips in aggregated (KPL) records', false)
    .option(
      '--reshard <n>',
      'split and merge shards so many times meanwhile, at random; a local Kinesis only',
      wholeNumber,
    )
    .option('--seed <n>', 'of the choices of --reshard', countOf, 1)
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
}

function durationOf(text: string): Duration {
  try {
    const duration = parseDuration(text)
    if (duration.ms > 0) return duration
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error
  }
  throw new InvalidArgumentError('Expected a number and a unit, such as 250ms, 1s or 5m.')
}

function refused(message: string): TidemarkError {
  return new TidemarkError({ code: 'TAXI_OPTIONS', domain: 'user', message })
}
