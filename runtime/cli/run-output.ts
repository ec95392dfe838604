import type { Logger } from '../../core/context.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { JobResult } from '../local/handle.js'
import type { JobProgress } from '../local/progress.js'
import { type LogLevel, lineLogger } from '../observe/console-logger.js'
import { jsonLogger } from '../observe/json-logger.js'
import { DEFAULT_OPERATIONS_PORT } from '../operations/options.js'
import type { CliIo } from './program.js'

/** What `tidemark run` tells of a job: to people on a terminal, or to whatever collects lines of JSON. */
export interface RunOutput {
  readonly logger: Logger
  /** `isChosen`: the port of the URL is one that was asked for. */
  started(operationsUrl: string | undefined, isChosen: boolean): void
  /** Called once a second. */
  progress(progress: JobProgress): void
  signal(level: 'info' | 'error', message: string): void
  ended(result: JobResult): void
  /** True: nothing more is to be said of it. */
  failed(error: unknown): boolean
}

export interface RunOutputOptions {
  readonly job: string
  readonly format: 'text' | 'json'
  readonly level: LogLevel | undefined
  readonly quiet: boolean
}

/** A log that is kept for years needs no line a second. */
const JSON_PROGRESS_EVERY = 60

export function runOutput(options: RunOutputOptions, io: CliIo): RunOutput {
  return options.format === 'json' ? jsonOutput(options, io) : textOutput(options, io)
}

function textOutput({ job, level, quiet }: RunOutputOptions, { err, terminal }: CliIo): RunOutput {
  const line = (text: string): void => err(`${text}\n`)
  return {
    logger: lineLogger({ write: line, ...(level ? { level } : {}) }),
    started: (url, isChosen) => {
      if (!quiet && url !== undefined) line(`operations at ${url}${isChosen ? '' : otherPort(url)}`)
    },
    progress: (progress) => {
      if (quiet || (progress.status !== 'running' && progress.status !== 'stopping')) return
      // A terminal shows one line that changes; a log gets plain lines.
      terminal.write(terminal.isTTY ? `\r\u001b[2K${describe(progress)}` : `${describe(progress)}\n`)
    },
    signal: (severity, message) => {
      if (!quiet || severity === 'error') line(`${terminal.isTTY ? '\n' : ''}${message}`)
    },
    ended: ({ status, progress }) => {
      if (!quiet) line(`${terminal.isTTY ? '\n' : ''}${job} ${status}: ${describe(progress)}`)
    },
    failed: () => false,
  }
}

function jsonOutput({ job, level, quiet }: RunOutputOptions, { err }: CliIo): RunOutput {
  const logger = jsonLogger({ write: (line) => err(`${line}\n`), fields: { job }, ...(level ? { level } : {}) })
  let seen = 0
  return {
    logger,
    started: (url) => logger.info('the job starts', url === undefined ? {} : { operations: url }),
    progress: (progress) => {
      if (progress.status !== 'running' || quiet) return
      if (seen++ % JSON_PROGRESS_EVERY === 0) logger.info('progress', facts(progress))
    },
    signal: (severity, message) => logger[severity](message),
    ended: ({ status, progress }) =>
      logger.info(`${job} ${status}: ${progress.recordsRead.toLocaleString('en-US')} records`, facts(progress)),
    failed: (error) => {
      logger.error(`the job failed: ${messageOf(error)}`, whereabouts(error))
      return true
    },
  }
}

function otherPort(url: string): string {
  return new URL(url).port === String(DEFAULT_OPERATIONS_PORT) ? '' : ` (port ${DEFAULT_OPERATIONS_PORT} is taken)`
}

function facts({ status, generation, recordsRead, watermark, checkpoints }: JobProgress): Record<string, unknown> {
  return {
    status,
    generation,
    recordsRead,
    ...(watermark === undefined ? {} : { watermark: new Date(watermark).toISOString() }),
    checkpoints: checkpoints.completed,
    checkpointsFailed: checkpoints.failed,
  }
}

function whereabouts(error: unknown): Record<string, unknown> {
  if (!(error instanceof TidemarkError)) return {}
  const { code, domain, operatorId, location } = error
  return { code, domain, ...(operatorId ? { operator: operatorId } : {}), ...(location ? { location } : {}) }
}

function describe({ recordsRead, watermark, checkpoints }: JobProgress): string {
  const time = watermark === undefined ? '' : `  event time ${new Date(watermark).toISOString()}`
  return `${recordsRead.toLocaleString('en-US')} records${time}  ${checkpoints.completed} checkpoints`
}
