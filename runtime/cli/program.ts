import { Command, CommanderError, Option } from 'commander'
import { type Duration, seconds } from '../../core/duration.js'
import { LOG_LEVELS, type LogLevel } from '../observe/console-logger.js'
import { versionOfPackage } from '../version.js'
import { addDeadLetterCommands } from './dead-letters/commands.js'
import { type DevKinesisOptions, runDevKinesis } from './dev-kinesis.js'
import { runDevOpenSearch } from './dev-opensearch.js'
import { runDevS3 } from './dev-s3.js'
import { explainJob } from './explain-job.js'
import { describeJobParameters } from './job-parameters.js'
import { loadJob } from './load-job.js'
import { addOperationsOptions, type OperationsFlags, portNumber } from './operations-options.js'
import { collect, collectPairs, durationOf, wholeNumber } from './option-values.js'
import { runJob } from './run-job.js'
import { addSavepointCommands } from './savepoint/commands.js'
import { type SavepointCreateOptions, savepointCreate } from './savepoint-create.js'
import { type StatusOptions, status } from './status.js'
import { type StopCommandOptions, stop } from './stop.js'

export interface CliIo {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Where progress is shown. */
  readonly terminal: NodeJS.WriteStream
}

/** Runs one command line; resolves to the exit code. Rejects with what the command could not do. */
export async function program(argv: readonly string[], io: CliIo): Promise<number> {
  let exitCode = 0
  const root = new Command('tidemark')
    .description('Runs and explains stream processing jobs written with Tidemark.')
    .version(versionOfPackage())
    .showSuggestionAfterError(true)
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride()
  const setExitCode = (code: number): void => {
    exitCode = code
  }
  runCommand(root, io, setExitCode)
  root
    .command('explain <job>')
    .description('print the graph and the plan of a job')
    .addOption(new Option('--format <format>', 'what to print').choices(['text', 'dot', 'mermaid']).default('text'))
    .option('--parallelism <n>', 'subtasks of each operator', wholeNumber)
    .addOption(new Option('--param <name=value>', 'a parameter of the job; repeat for more').argParser(collectPairs))
    .action(async (path: string, options: ExplainOptions) => io.out(`${await explainJob(path, options)}\n`))
  operationsCommands(root, io, setExitCode)
  const dev = root.command('dev').description('servers for development, on loopback')
  dev
    .command('kinesis')
    .description('a local Kinesis; prints `ready URL` when it listens')
    .option('--port <n>', 'port; 0 takes a free one', portNumber, 4567)
    .option('--limits', 'keep the limits that AWS has for each shard', false)
    .option('--dir <path>', 'keep streams and records here, across restarts; default: in memory only')
    .option('--fsync', 'with --dir: answer when the disk has what was written', false)
    .action((options: DevKinesisOptions) => runDevKinesis(options))
  dev
    .command('s3')
    .description('a local S3; prints `ready URL` when it listens')
    .option('--port <n>', 'port; 0 takes a free one', portNumber, 4568)
    .addOption(
      new Option('--bucket <name>', 'a bucket that is there from the start; repeat for more').argParser(collect),
    )
    .action((options: { port: number; bucket?: readonly string[] }) => runDevS3(options))
  dev
    .command('opensearch')
    .description(
      'a stand-in for OpenSearch, in memory: _bulk, templates, mappings, simple searches; no aggregations, no Dashboards. ' +
        'Prints `ready URL` when it listens',
    )
    .option('--port <n>', 'port; 0 takes a free one', portNumber, 4569)
    .action((options: { port: number }) => runDevOpenSearch(options))
  try {
    await root.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has said what was wrong with the command line, or has shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode
    throw error
  }
}

interface ExplainOptions {
  readonly format: 'text' | 'dot' | 'mermaid'
  readonly parallelism?: number
  readonly param?: readonly (readonly [string, string])[]
}

function runCommand(root: Command, io: CliIo, setExitCode: (code: number) => void): void {
  const command = root
    .command('run [job]')
    .description('run the job that a module exports as its default; --help with a job lists its parameters')
    .addOption(new Option('--param <name=value>', 'a parameter of the job; repeat for more').argParser(collectPairs))
    .option('--params <file>', 'a JSON file of parameters')
    .option('--parallelism <n>', 'subtasks of each operator', wholeNumber)
    .option('--max-parallelism <n>', 'the most it can ever be scaled to; fixed by the first checkpoint', wholeNumber)
    .option(
      '--checkpoints <place>',
      'a folder or s3://bucket/prefix for the checkpoints; default: memory, which does not outlive the process',
    )
    .option('--s3-endpoint <url>', 'of an S3 other than the one of AWS; credentials come from the environment')
    .addOption(
      new Option('--checkpoint-interval <duration>', 'such as 500ms or 1m')
        .argParser(durationOf)
        .default(seconds(10), '10s'),
    )
    .option('--resume', 'go on from the newest checkpoint; fresh where there is none', false)
    .option('--from-savepoint <location>', 'start with its state; with --resume only where there is no checkpoint yet')
    .option('--claim', "the savepoint becomes the job's own: deleted when its first checkpoint is complete", false)
    .option(
      '--allow-rewind',
      'go back to the savepoint though output was committed since, and write it once more',
      false,
    )
    .option('--allow-dropped-state', 'state that the job has no place for goes, and is logged', false)
    .option('--resume-drained', 'go on behind a drain, as if the end of input had not been', false)
    .addOption(
      new Option('--state <where>', 'where keyed state is while the job runs; disk needs the package lmdb')
        .choices(['heap', 'disk'])
        .default('heap'),
    )
    .option('--state-dir <folder>', 'for state on disk, of this machine; default: the folder for temporary files')
    .option('--no-restart', 'end at the first failure instead of restarting from the newest checkpoint')
    .addOption(
      new Option('--grace <duration>', 'what a last checkpoint may take after SIGTERM or Ctrl-C; then exit code 75')
        .argParser(durationOf)
        .default(seconds(25), '25s'),
    )
    .addOption(
      new Option('--log-format <format>', 'default: text on a terminal, otherwise lines of JSON').choices([
        'text',
        'json',
      ]),
    )
    .addOption(new Option('--log-level <level>', 'default: warn in text, info in JSON').choices(LOG_LEVELS))
    .option('--quiet', 'no progress', false)
    .helpOption(false)
    .option('-h, --help', "show this help and the job's parameters")
  addOperationsOptions(command)
  command.action(async (path: string | undefined, options: RunJobOptions & { readonly help?: boolean }) => {
    if (options.help) {
      io.out(command.helpInformation())
      if (path !== undefined) io.out(`\n${describeJobParameters((await loadJob(path)).job)}\n`)
    } else if (path === undefined) {
      command.error("error: missing required argument 'job', the file of the job to run")
    } else {
      setExitCode(await runJob(path, options, io))
    }
  })
}

/** Commands that ask a running job; each takes its URL. */
function operationsCommands(root: Command, io: CliIo, setExitCode: (code: number) => void): void {
  const ask = (parent: Command, name: string, description: string): Command =>
    parent
      .command(`${name} [url]`)
      .description(description)
      .option(
        '--token-file <file>',
        'a file with the token of the job; default: the variable TIDEMARK_OPERATIONS_TOKEN',
      )
      .option('--json', 'print JSON', false)
  ask(root, 'status', 'how a running job is doing').action(async (url: string | undefined, options: StatusOptions) =>
    io.out(`${await status(url, options)}\n`),
  )
  ask(root, 'stop', 'stop a running job with a last checkpoint')
    .addOption(
      new Option('--drain [where]', 'end its input first: now, or when what is there has been read')
        .choices(['now', 'atTip'])
        .preset('now'),
    )
    .option('--savepoint [to]', 'with a savepoint, in the place for them or at a path or s3:// location')
    .option('--no-wait', 'do not wait for its end')
    .action(async (url: string | undefined, options: StopCommandOptions) => io.out(`${await stop(url, options)}\n`))
  const savepoint = root.command('savepoint').description('whole, self-contained images of the state of a job')
  ask(savepoint, 'create', 'have a running job take a savepoint')
    .option('--to <location>', 'a path or s3:// location; default: below the checkpoints')
    .action(async (url: string | undefined, options: SavepointCreateOptions) =>
      io.out(`${await savepointCreate(url, options)}\n`),
    )
  addSavepointCommands(savepoint, io, setExitCode)
  addDeadLetterCommands(root, io)
}

export interface RunJobOptions extends OperationsFlags {
  readonly grace: Duration
  /** Default: text on a terminal, otherwise JSON. */
  readonly logFormat?: 'text' | 'json'
  readonly logLevel?: LogLevel
  readonly param?: readonly (readonly [string, string])[]
  readonly params?: string
  readonly parallelism?: number
  readonly maxParallelism?: number
  readonly checkpoints?: string
  readonly s3Endpoint?: string
  readonly checkpointInterval: Duration
  readonly resume: boolean
  readonly fromSavepoint?: string
  readonly claim: boolean
  readonly allowRewind: boolean
  readonly allowDroppedState: boolean
  readonly resumeDrained: boolean
  readonly state: 'heap' | 'disk'
  readonly stateDir?: string
  readonly restart: boolean
  readonly quiet: boolean
}
