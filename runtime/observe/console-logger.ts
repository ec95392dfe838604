import type { Logger } from '../../core/context.js'

export interface LineLoggerOptions {
  /** Takes one line, without its end. */
  readonly write: (line: string) => void
  /** Default `warn`. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error'
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Lines for people: the message, then the fields as `name=value`. */
export function lineLogger(options: LineLoggerOptions): Logger {
  const least = LEVELS.indexOf(options.level ?? 'warn')
  const at = (level: (typeof LEVELS)[number]) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (LEVELS.indexOf(level) < least) return
    const details = Object.entries(fields ?? {}).map(([name, value]) => ` ${name}=${String(value)}`)
    options.write(`${level}: ${message}${details.join('')}`)
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
