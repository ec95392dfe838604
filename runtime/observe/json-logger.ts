import { pino } from 'pino'
import type { Logger } from '../../core/context.js'
import type { Clock } from '../../core/environment.js'
import { systemEnvironment } from '../environment/system.js'
import type { LogLevel } from './console-logger.js'
import { redactFields, redactText } from './redact.js'

export interface JsonLoggerOptions {
  /** Takes one line, without its end. Default: standard error. */
  readonly write?: (line: string) => void
  /** Default `info`. */
  readonly level?: LogLevel
  /** Fields of every line. */
  readonly fields?: Readonly<Record<string, unknown>>
  readonly clock?: Pick<Clock, 'now'>
}

/**
 * One JSON object a line, for machines: `level`, `time`, `msg`, and the fields. What looks like a secret is hidden. `run`
 * adds the job, and for what a subtask logs its operator and subtask.
 */
export function jsonLogger(options: JsonLoggerOptions = {}): Logger {
  const { write = (line) => void process.stderr.write(`${line}\n`), clock = systemEnvironment().clock } = options
  const lines = pino(
    {
      level: options.level ?? 'info',
      base: redactFields(options.fields ?? {}),
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(line.trimEnd()) },
  )
  const at = (level: keyof Logger) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (lines.isLevelEnabled(level)) lines[level](redactFields(fields ?? {}), redactText(message))
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
