import { type Command, Option } from 'commander'
import { collectPairs, wholeNumber } from '../option-values.js'
import type { CliIo } from '../program.js'
import type { PlaceFlags } from './place.js'
import { savepointCopy } from './savepoint-copy.js'
import { type DeleteOptions, savepointDelete } from './savepoint-delete.js'
import { type DiffCommandOptions, savepointDiff } from './savepoint-diff.js'
import { type ExportOptions, savepointExport } from './savepoint-export.js'
import { type ListOptions, savepointList } from './savepoint-list.js'
import { type ShowOptions, savepointShow } from './savepoint-show.js'
import { savepointVerify, type VerifyOptions } from './savepoint-verify.js'

/** The commands for savepoints that no job is needed for. */
export function addSavepointCommands(savepoint: Command, io: CliIo, setExitCode: (code: number) => void): void {
  const add = (usage: string, description: string): Command =>
    savepoint
      .command(usage)
      .description(description)
      .option('--s3-endpoint <url>', 'of an S3 other than the one of AWS; credentials come from the environment')
  const json = ['--json', 'print JSON', false] as const

  add('list <location>', 'the savepoints below a folder or s3://bucket/prefix, and the completed checkpoints of a job')
    .option(...json)
    .action(async (location: string, options: ListOptions) => io.out(`${await savepointList(location, options)}\n`))
  add('show <savepoint>', 'what a savepoint holds')
    .option('--entries', 'count what is in each keyed state: reads everything', false)
    .option(...json)
    .action(async (location: string, options: ShowOptions) => io.out(`${await savepointShow(location, options, io)}\n`))
  add('verify <savepoint>', 'read and decode everything; exit code 1 when something is damaged')
    .option(...json)
    .action(async (location: string, options: VerifyOptions) =>
      setExitCode(await savepointVerify(location, options, io)),
    )
  add('copy <from> <to>', 'copy a savepoint into an empty folder or s3://bucket/prefix, each object verified').action(
    async (from: string, to: string, options: PlaceFlags) => io.out(`${await savepointCopy(from, to, options, io)}\n`),
  )
  add('delete <savepoint>', 'delete a savepoint, and nothing else')
    .option('--yes', 'do not ask', false)
    .action(async (location: string, options: DeleteOptions) =>
      io.out(`${await savepointDelete(location, options, io)}\n`),
    )
  add('export <savepoint>', 'the keyed state of an operator, a row an entry')
    .requiredOption('--operator <id>', 'whose state')
    .option('--state <name>', 'one state alone; `windows` and `timers` are those of the engine')
    .addOption(new Option('--format <format>', 'of the rows').choices(['jsonl', 'parquet']).default('jsonl'))
    .option('--out <file>', 'a new file; default: standard output')
    .action((location: string, options: ExportOptions) => savepointExport(location, options, io))
  add('diff <savepoint> <job>', 'what a job would do with a savepoint; exit code 1 when it would refuse it')
    .addOption(new Option('--param <name=value>', 'a parameter of the job; repeat for more').argParser(collectPairs))
    .option('--params <file>', 'a JSON file of parameters')
    .option('--parallelism <n>', 'as the start would have it', wholeNumber)
    .option('--max-parallelism <n>', 'as the start would have it', wholeNumber)
    .option('--allow-dropped-state', 'state that the job has no place for may go', false)
    .option('--resume-drained', 'a drained savepoint may be gone on from', false)
    .option(...json)
    .action(async (location: string, job: string, options: DiffCommandOptions) =>
      setExitCode(await savepointDiff(location, job, options, io)),
    )
}
