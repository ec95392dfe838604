import type { Ratio } from './measure.js'

/** Columns under their headings: the first to the left, the others to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const lines = all.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))),
  )
  return lines.map((cells) => `  ${cells.join('   ').trimEnd()}`).join('\n')
}

export const fixed = (value: number, digits: number): string => value.toFixed(digits)

export const thousands = (value: number): string => Math.round(value).toLocaleString('en-US')

/** `0.71 (0.66 to 0.74)` */
export const ratioText = ({ median, min, max }: Ratio): string =>
  `${fixed(median, 2)} (${fixed(min, 2)} to ${fixed(max, 2)})`

export const megabytes = (bytes: number): string => fixed(bytes / 1024 / 1024, 1)

export function heading(text: string): void {
  console.log(`\n${text}\n`)
}
