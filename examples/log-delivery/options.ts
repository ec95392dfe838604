import { Command, Option } from 'commander'
import { type Duration, seconds, TidemarkError } from 'tidemark'
import { countOf, durationOf } from '../shared/arguments.js'
import type { Format, Input } from './connectors.js'

export interface LogDeliveryCommand {
  readonly input: Input
  readonly format: Format
  readonly lines: number
  readonly seed: number
  readonly kinesis: string | undefined
  readonly stream: string
  readonly produce: boolean
  readonly follow: boolean
  readonly s3: string | undefined
  readonly s3Endpoint: string | undefined
  readonly parallelism: number
  readonly checkpoints: string | undefined
  readonly checkpointInterval: Duration
}

export function parseOptions(argv: readonly string[]): LogDeliveryCommand {
  const options = new Command('log-delivery')
    .description('Access logs from a Kinesis stream to partitioned, compressed objects of a bucket.')
    .addOption(
      new Option('--input <kind>', 'envelopes of CloudWatch Logs, or plain lines of Apache')
        .choices(['cloudwatch', 'apache'])
        .default('cloudwatch'),
    )
    .addOption(
      new Option('--format <format>', 'JSON lines in gzip, or Parquet').choices(['jsonl', 'parquet']).default('jsonl'),
    )
    .option('--lines <n>', 'how many to make up', countOf, 20_000)
    .option('--seed <n>', 'of what is made up', countOf, 1)
    .option('--kinesis <url>', "a Kinesis that is running, or 'aws'; default: a local one in this process")
    .option('--stream <name>', 'made where it is missing', 'logs')
    .option('--no-produce', 'make nothing up: deliver what is in the stream')
    .option('--follow', 'go on until stopped; default: to the end of what is there', false)
    .option('--s3 <place>', 's3://bucket/folder; default: a local S3 in this process')
    .option('--s3-endpoint <url>', 'of another S3 than AWS; credentials come from the environment')
    .option('--parallelism <n>', 'subtasks of each step', countOf, 2)
    .option('--checkpoints <folder>', 'kept there, and gone on from by a second run; default: in memory')
    .addOption(
      new Option('--checkpoint-interval <duration>', 'objects appear so often')
        .argParser(durationOf)
        .default(seconds(1), '1s'),
    )
    .allowExcessArguments(false)
    .parse(argv, { from: 'user' })
    .opts<LogDeliveryCommand>()
  if (!options.produce && options.kinesis === undefined) {
    throw refused('--no-produce needs --kinesis URL: the built-in Kinesis is empty')
  }
  if (options.s3Endpoint !== undefined && options.s3 === undefined) {
    throw refused('--s3-endpoint needs --s3 s3://bucket/folder')
  }
  if (options.checkpoints !== undefined && (options.kinesis === undefined || options.s3 === undefined)) {
    throw refused('--checkpoints needs --kinesis and --s3: the built-in ones end with this process')
  }
  return options
}

function refused(message: string): TidemarkError {
  return new TidemarkError({ code: 'LOGS_OPTIONS', domain: 'user', message })
}
