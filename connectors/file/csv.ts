import { isUtf8 } from 'node:buffer'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { parse } from 'csv-parse/sync'
import { validateWith } from '../../core/decode/index.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { requireKnownOptions } from '../../core/options.js'
import { csvEncoder } from './csv-encoder.js'
import type { FileSinkFormat, FileSourceFormat, Frame, FrameDecoder } from './format.js'

export interface CsvOptions<C extends string = string> {
  /**
   * Of a source: the columns that the header must have, or, without a header, what the fields are called. Of a sink:
   * what is written, in this order; default: the properties of a file's first row.
   */
  readonly columns?: readonly C[]
  /** Whether the first line names the columns. Default true. */
  readonly header?: boolean
  /** One character. Default a comma. */
  readonly delimiter?: string
}

/** Fields are text. An empty field is the empty string. */
export type CsvRow<C extends string = string> = { readonly [column in C]: string }

/** Reads and writes CSV (RFC 4180): double quotes, LF or CRLF. */
export type CsvFormat<T> = FileSourceFormat<T> & FileSinkFormat<object>

/**
 * CSV, for sources and sinks. Headers are trimmed. A row with more or fewer fields than columns is malformed.
 * @example files({ path: 'trips.csv.gz', format: csv({ schema: z.object({ fare: z.coerce.number() }) }) })
 */
export function csv<const C extends string = string>(options?: CsvOptions<C>): CsvFormat<CsvRow<C>>
export function csv<S extends StandardSchemaV1>(
  options: CsvOptions & { readonly schema: S },
): CsvFormat<StandardSchemaV1.InferOutput<S>>
export function csv(options: CsvOptions & { readonly schema?: StandardSchemaV1 } = {}): CsvFormat<unknown> {
  requireKnownOptions('csv', options, { columns: true, header: true, delimiter: true, schema: true })
  const { columns, header = true, delimiter = ',', schema } = options
  if (delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw invalid('delimiter is one character, neither a quote nor a line end')
  }
  if (!header && columns === undefined) throw invalid('without a header the columns have to be given')
  if (columns) checkColumns(columns, (message) => invalid(`columns: ${message}`))
  const validate = schema ? validateWith(schema) : (row: unknown) => row
  return {
    name: 'CSV',
    quoted: true,
    header,
    extension: '.csv',
    load: async () => () => csvEncoder({ columns, header, delimiter }),
    open(first) {
      // Not undefined without a header, as checked above; an empty file has no rows that could need them.
      const names = header && first ? headerOf(first, { delimiter, required: columns ?? [] }) : (columns ?? [])
      return rowDecoder(names, { delimiter, validate })
    },
  }
}

function invalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'OPTION_INVALID', domain: 'user', message: `csv: ${message}` })
}

function headerOf(
  frame: Frame,
  { delimiter, required }: { readonly delimiter: string; readonly required: readonly string[] },
): readonly string[] {
  const fail = (message: string): TidemarkError =>
    new TidemarkError({ code: 'CSV_HEADER_INVALID', domain: 'user', message: `the CSV header ${message}` })
  if (frame.problem) throw fail(`does not fit: ${frame.problem.message}`)
  let names: readonly string[]
  try {
    names = (parseRows(frame.bytes, delimiter)[0] ?? []).map((name) => name.trim())
  } catch (thrown) {
    throw fail(`cannot be read: ${messageOf(thrown)}`)
  }
  checkColumns(names, fail)
  const missing = required.filter((name) => !names.includes(name))
  if (missing.length > 0) throw fail(`lacks ${missing.join(', ')}; it has ${names.join(', ')}`)
  return names
}

function checkColumns(names: readonly string[], fail: (message: string) => TidemarkError): void {
  if (names.length === 0) throw fail('names no column')
  const seen = new Set<string>()
  for (const name of names) {
    // It would set the prototype of a row.
    if (name === '__proto__') throw fail('has a column __proto__, which cannot be a property')
    if (seen.has(name)) throw fail(`has two columns called '${name}'`)
    seen.add(name)
  }
}

function rowDecoder(
  names: readonly string[],
  { delimiter, validate }: { readonly delimiter: string; readonly validate: (row: unknown) => unknown },
): FrameDecoder<unknown> {
  return {
    prepare(frames) {
      const records: Frame[] = []
      for (const frame of frames) {
        if (frame.problem) continue
        if (frame.bytes.length === 0) frame.blank = true
        else records.push(frame)
      }
      if (records.length > 0 && !parseTogether(records, delimiter)) {
        for (const frame of records) parseAlone(frame, delimiter)
      }
    },
    decode(frame) {
      const { fields } = frame
      if (fields?.length !== names.length) {
        throw new TidemarkError({
          code: 'RECORD_MALFORMED',
          domain: 'user',
          message: `expected ${names.length} fields, found ${fields?.length ?? 0}`,
        })
      }
      const row: Record<string, string> = {}
      for (let column = 0; column < names.length; column++) row[names[column]!] = fields[column]!
      return validate(row)
    },
  }
}

/** The usual case: one call of the parser for many rows. False when any of them may be malformed. */
function parseTogether(frames: readonly Frame[], delimiter: string): boolean {
  const bytes = Buffer.concat(frames.flatMap((frame) => [frame.bytes, LINE_END]))
  if (!isUtf8(bytes)) return false
  let rows: readonly (readonly string[])[]
  try {
    rows = parseRows(bytes, delimiter)
  } catch {
    return false
  }
  if (rows.length !== frames.length) return false
  for (const [index, frame] of frames.entries()) frame.fields = rows[index]!
  return true
}

function parseAlone(frame: Frame, delimiter: string): void {
  if (!isUtf8(frame.bytes)) {
    frame.problem = { code: 'RECORD_MALFORMED', message: 'expected UTF-8, found other bytes' }
    return
  }
  try {
    const rows = parseRows(frame.bytes, delimiter)
    if (rows.length === 1) frame.fields = rows[0]!
    else frame.problem = { code: 'RECORD_MALFORMED', message: `expected one CSV row, found ${rows.length}` }
  } catch (thrown) {
    // The parser's message quotes fields; its code does not.
    const code = (thrown as { readonly code?: unknown }).code
    frame.problem = { code: 'RECORD_MALFORMED', message: `expected a CSV row, found a broken one (${String(code)})` }
  }
}

const LINE_END = Buffer.from('\n')

function parseRows(bytes: Uint8Array, delimiter: string): string[][] {
  return parse(bytes, { delimiter, columns: false, relax_column_count: true, record_delimiter: ['\r\n', '\n'] })
}
