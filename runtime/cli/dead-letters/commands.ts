import type { Command } from 'commander'
import type { CliIo } from '../program.js'
import { type ReplayOptions, replayLetters } from './replay.js'
import { type ShowOptions, showLetters } from './show.js'
import { timeOf } from './since.js'

/** The commands for what a job could not process. */
export function addDeadLetterCommands(root: Command, io: CliIo): void {
  const deadLetters = root.command('dead-letters').description('records that a job could not process')
  const add = (usage: string, description: string): Command =>
    deadLetters
      .command(usage)
      .description(description)
      .option('--code <code>', 'of this cause alone, such as USER_FUNCTION_FAILED')
      .option('--operator <id>', 'of this step alone')
      .option(
        '--since <time>',
        'rejected then or later, such as 2026-11-21T12:00:00Z; UTC where it names no zone',
        timeOf,
      )
      .option('--s3-endpoint <url>', 'of an S3 other than the one of AWS; credentials come from the environment')
  add('show <location>', 'how many there are of each step and cause in a folder or s3://bucket/prefix, with a sample')
    .option('--json', 'print JSON', false)
    .action(async (location: string, options: ShowOptions) => io.out(`${await showLetters(location, options)}\n`))
  add('replay <location>', 'put their raw bytes back; says what it would do, unless there is --yes')
    .requiredOption('--to <target>', 'kinesis:<stream>, under the keys they came by, or a file, a line each')
    .option('--kinesis-endpoint <url>', 'of a Kinesis other than the one of AWS')
    .option('--yes', 'do it', false)
    .option('--again', 'those too that were put there before', false)
    .option('--parts', 'those too that are parts of a record', false)
    .action(async (location: string, options: ReplayOptions) => io.out(`${await replayLetters(location, options)}\n`))
}
