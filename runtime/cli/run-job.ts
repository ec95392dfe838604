import { TidemarkError } from '../../core/errors.js'
import { noRestart } from '../coordinator/restart-strategy.js'
import { run, type SavepointStart } from '../run.js'
import { stopOnSignals } from '../stop-on-signals.js'
import { endOnSignals } from './early-signals.js'
import { loadJob } from './load-job.js'
import { operationsOf } from './operations-options.js'
import type { CliIo, RunJobOptions } from './program.js'
import { readParameters } from './read-parameters.js'
import { runOutput } from './run-output.js'

/** Runs a job to its end; resolves to the exit code. */
export async function runJob(path: string, options: RunJobOptions, io: CliIo): Promise<number> {
  const ignoreEarlySignals = endOnSignals()
  const { job } = await loadJob(path)
  const { parallelism, maxParallelism, checkpoints, s3Endpoint, checkpointInterval, resume } = options
  if (resume && checkpoints === undefined) {
    throw new TidemarkError({
      code: 'OPTION_INVALID',
      domain: 'user',
      message: '--resume needs --checkpoints, the folder or s3:// location that the job wrote its checkpoints to',
    })
  }
  const isOnS3 = [checkpoints, options.fromSavepoint].some((place) => place?.toLowerCase().startsWith('s3://'))
  if (s3Endpoint !== undefined && !isOnS3) {
    throw new TidemarkError({
      code: 'OPTION_INVALID',
      domain: 'user',
      message: '--s3-endpoint goes with --checkpoints s3://bucket/prefix or --from-savepoint s3://bucket/prefix',
    })
  }
  if (options.stateDir !== undefined && options.state === 'heap') {
    throw new TidemarkError({
      code: 'OPTION_INVALID',
      domain: 'user',
      message: '--state-dir goes with --state disk',
    })
  }
  for (const [flag, isGiven] of [
    ['--claim', options.claim],
    ['--allow-rewind', options.allowRewind],
  ] as const) {
    if (!isGiven || options.fromSavepoint !== undefined) continue
    throw new TidemarkError({ code: 'OPTION_INVALID', domain: 'user', message: `${flag} goes with --from-savepoint` })
  }
  const output = runOutput(
    {
      job: job.name,
      format: options.logFormat ?? (io.terminal.isTTY ? 'text' : 'json'),
      level: options.logLevel,
      quiet: options.quiet,
    },
    io,
  )
  const handle = await run(job, {
    logger: output.logger,
    operations: await operationsOf(options),
    paramLayers: {
      environment: process.env,
      commandLine: options.param ?? [],
      ...(options.params === undefined ? {} : { file: await readParameters(options.params) }),
    },
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(maxParallelism === undefined ? {} : { maxParallelism }),
    state:
      options.state === 'disk' && options.stateDir !== undefined
        ? { kind: 'disk', directory: options.stateDir }
        : options.state,
    ...(options.restart ? {} : { restart: noRestart() }),
    ...(options.fromSavepoint === undefined ? {} : { from: startOf(options.fromSavepoint, options) }),
    checkpoints: {
      interval: checkpointInterval,
      resume,
      allowDroppedState: options.allowDroppedState,
      resumeDrained: options.resumeDrained,
      ...(checkpoints === undefined ? {} : { to: checkpoints }),
      ...(s3Endpoint === undefined ? {} : { s3: { endpoint: s3Endpoint } }),
    },
  })
  ignoreEarlySignals()
  stopOnSignals(handle, { grace: options.grace, say: output.signal })
  output.started(handle.operationsUrl, options.operationsPort !== undefined)
  const watching = handle.progress$.subscribe((progress) => output.progress(progress))
  try {
    output.ended(await handle.result)
    return 0
  } catch (error) {
    if (output.failed(error)) return 1
    throw error
  } finally {
    watching.unsubscribe()
  }
}

function startOf(savepoint: string, { claim, allowRewind }: RunJobOptions): SavepointStart {
  return { savepoint, claim, allowRewind }
}
