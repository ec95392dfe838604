export interface Column {
  readonly head: string
  readonly align: 'left' | 'right'
}

/** Columns as wide as their widest cell. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ head }) => head), ...rows]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  const cellOf = (text: string, index: number): string => {
    const width = widths[index] ?? 0
    return columns[index]?.align === 'right' ? text.padStart(width) : text.padEnd(width)
  }
  return lines.map((line) => line.map(cellOf).join('  ').trimEnd()).join('\n')
}

export const whole = (count: number): string => Math.round(count).toLocaleString('en-US')

/** `2024-01-01 08:30:15`, in UTC. */
export const instant = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ')
