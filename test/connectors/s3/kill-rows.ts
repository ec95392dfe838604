import { createHash } from 'node:crypto'

/** A row of the job that is killed: `n` decides all of it. */
export interface NumberedRow {
  readonly n: number
  readonly side: number
  /** 3,000 characters that hardly compress: also a compressed file has several parts. */
  readonly filler: string
}

export function rowOf(n: number): NumberedRow {
  const filler = createHash('shake256', { outputLength: 2250 }).update(String(n)).digest('base64')
  return { n, side: n % 2, filler }
}
