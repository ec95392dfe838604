import type { Logger } from '../../core/context.js'

type Fields = Readonly<Record<string, unknown>>

/** Adds `bound` to every line; a field that the line has itself stays. */
export function childLogger(logger: Logger, bound: Fields): Logger {
  const at = (level: keyof Logger) => (message: string, fields?: Fields) =>
    logger[level](message, { ...bound, ...fields })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
