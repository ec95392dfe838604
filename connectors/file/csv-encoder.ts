import { TidemarkError } from '../../core/errors.js'
import type { FileEncoder } from './format.js'
import { LineEncoder } from './line-encoder.js'

export interface CsvEncoderOptions {
  readonly columns: readonly string[] | undefined
  readonly header: boolean
  readonly delimiter: string
}

/** One file of CSV. All its rows have the columns that are given, or those of its first row. */
export function csvEncoder(options: CsvEncoderOptions): FileEncoder<object> {
  const { header, delimiter } = options
  const needsQuotes = new RegExp(`["\\r\\n${escapeForClass(delimiter)}]|^\\s|\\s$`)
  let columns = options.columns
  let known = new Set(columns)
  let begun = false

  return new LineEncoder((row) => {
    if (typeof row !== 'object' || row === null) throw rowError(`a CSV row is an object, found ${String(row)}`)
    const fields = new Map<string, unknown>(Object.entries(row))
    columns ??= [...fields.keys()]
    if (known.size === 0) known = new Set(columns)
    for (const name of fields.keys()) {
      if (!known.has(name))
        throw rowError(`the row has '${name}', which is not among the columns ${columns.join(', ')}`)
    }
    const text = columns.map((name) => fieldText(name, fields.get(name))).join(delimiter)
    // A single empty field would be an empty line, which is no row.
    const line = text === '' ? '""' : text
    const isFirst = !begun
    begun = true
    return header && isFirst ? `${columns.map(quote).join(delimiter)}\n${line}` : line
  })

  function fieldText(name: string, value: unknown): string {
    switch (typeof value) {
      case 'undefined':
        return ''
      case 'string':
        return quote(value)
      case 'number':
      case 'bigint':
      case 'boolean':
        return String(value)
      default:
        if (value === null) return ''
        throw rowError(`column '${name}': expected a string, number, bigint, boolean or null, found a ${typeof value}`)
    }
  }

  function quote(text: string): string {
    return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
}

function escapeForClass(character: string): string {
  return /[\\\]^-]/.test(character) ? `\\${character}` : character
}

function rowError(message: string): TidemarkError {
  return new TidemarkError({ code: 'ROW_INVALID', domain: 'user', message })
}
