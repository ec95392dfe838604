import { readFile } from 'node:fs/promises'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { noRestart } from '../coordinator/restart-strategy.js'
import type { JobProgress } from '../local/progress.js'
import { run } from '../run.js'
import { stopOnSignals } from '../stop-on-signals.js'
import { loadJob } from './load-job.js'
import type { CliIo, RunJobOptions } from './program.js'

/** Runs a job to its end; resolves to the exit code. */
export async function runJob(path: string, options: RunJobOptions, io: CliIo): Promise<number> {
  const { job } = await loadJob(path)
  const { parallelism, maxParallelism, checkpoints, s3Endpoint, checkpointInterval, resume } = options
  if (resume && checkpoints === undefined) {
    throw new TidemarkError({
      code: 'OPTION_INVALID',
      domain: 'user',
      message: '--resume needs --checkpoints, the folder or s3:// location that the job wrote its checkpoints to',
    })
  }
  if (s3Endpoint !== undefined && !checkpoints?.toLowerCase().startsWith('s3://')) {
    throw new TidemarkError({
      code: 'OPTION_INVALID',
      domain: 'user',
      message: '--s3-endpoint goes with --checkpoints s3://bucket/prefix',
    })
  }
  const handle = await run(job, {
    paramLayers: {
      environment: process.env,
      commandLine: options.param ?? [],
      ...(options.params === undefined ? {} : { file: await readParameters(options.params) }),
    },
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(maxParallelism === undefined ? {} : { maxParallelism }),
    ...(options.restart ? {} : { restart: noRestart() }),
    checkpoints: {
      interval: checkpointInterval,
      resume,
      ...(checkpoints === undefined ? {} : { to: checkpoints }),
      ...(s3Endpoint === undefined ? {} : { s3: { endpoint: s3Endpoint } }),
    },
  })
  stopOnSignals(handle)
  const watching = options.quiet ? undefined : handle.progress$.subscribe((progress) => show(progress, io.terminal))
  try {
    const { status, progress } = await handle.result
    if (!options.quiet) {
      if (io.terminal.isTTY) io.err('\n')
      io.err(`${job.name} ${status}: ${describe(progress)}\n`)
    }
    return 0
  } finally {
    watching?.unsubscribe()
  }
}

async function readParameters(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new TidemarkError({
      code: 'PARAMETERS_FILE_UNREADABLE',
      domain: 'user',
      message: `the parameters file ${path} cannot be read as JSON: ${messageOf(error)}`,
      cause: error,
    })
  }
}

function show(progress: JobProgress, terminal: NodeJS.WriteStream): void {
  if (progress.status !== 'running' && progress.status !== 'stopping') return
  // A terminal shows one line that changes; a log gets plain lines.
  terminal.write(terminal.isTTY ? `\r\u001b[2K${describe(progress)}` : `${describe(progress)}\n`)
}

function describe({ recordsRead, watermark, checkpoints }: JobProgress): string {
  const time = watermark === undefined ? '' : `  event time ${new Date(watermark).toISOString()}`
  return `${recordsRead.toLocaleString('en-US')} records${time}  ${checkpoints.completed} checkpoints`
}
