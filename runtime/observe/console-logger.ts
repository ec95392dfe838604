import type { Logger } from '../../core/context.js'
import { redactFields, redactText } from './redact.js'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LineLoggerOptions {
  /** Takes one line, without its end. */
  readonly write: (line: string) => void
  /** Default `warn`. */
  readonly level?: LogLevel
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[]

/** Lines for people: the message, then the fields as `name=value`. What looks like a secret is hidden. */
export function lineLogger(options: LineLoggerOptions): Logger {
  const least = LOG_LEVELS.indexOf(options.level ?? 'warn')
  const at = (level: LogLevel) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (LOG_LEVELS.indexOf(level) < least) return
    const details = Object.entries(redactFields(fields ?? {})).map(([name, value]) => ` ${name}=${shown(value)}`)
    options.write(`${level}: ${redactText(message)}${details.join('')}`)
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function shown(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
