import { parse } from 'csv-parse/sync'

const OPTIONS = {
  record_delimiter: '\n',
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: false,
  trim: true,
} as const

/**
 * The fields of each line, lines being rows: no field of a trip file spans two lines, so a stray quote can spoil its own
 * row only. Lines must not be empty.
 */
export function csvRows(lines: readonly string[]): readonly (readonly string[])[] {
  if (!lines.some((line) => line.includes('"'))) return lines.map((line) => line.split(','))
  const rows = parseQuoted(lines.join('\n'))
  return rows?.length === lines.length ? rows : lines.map(csvRow)
}

export function csvRow(line: string): readonly string[] {
  const rows = line.includes('"') ? parseQuoted(line) : undefined
  return rows?.length === 1 && rows[0] !== undefined ? rows[0] : line.split(',')
}

/** `undefined` where a quote is not closed. */
function parseQuoted(text: string): string[][] | undefined {
  try {
    return parse(text, OPTIONS)
  } catch {
    return undefined
  }
}
