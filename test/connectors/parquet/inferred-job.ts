import { defineJob, type Source } from 'tidemark'
import { inferSchema, parquetSink } from 'tidemark/parquet'

export interface NumberedRow {
  readonly n: number
  /** Whole in the first rows. */
  readonly half: number
  readonly tags: readonly string[]
  readonly place?: { readonly name: string; readonly at: Date | null }
}

export function rowOf(n: number): NumberedRow {
  const place = { name: `p${n % 7}`, at: n % 5 === 0 ? null : new Date(n * 1000) }
  return { n, half: n < 500 ? n : n / 2, tags: n % 4 === 1 ? [] : [`t${n % 5}`], ...(n % 2 === 0 ? {} : { place }) }
}

export function inferredJob(path: string, numbers: Source<number>, onRow: () => void = () => {}) {
  return defineJob('inferred', (job) => {
    job
      .from('numbers', numbers)
      .map((n) => {
        onRow()
        return rowOf(n)
      })
      .to('rows', parquetSink({ path, schema: inferSchema({ rows: 50, columns: { half: 'double' } }), maxRows: 400 }))
  })
}

export const SCHEMA = {
  half: 'double',
  n: { type: 'int64', nullable: true },
  tags: { type: 'list', of: { type: 'string', nullable: true }, nullable: true },
  place: {
    type: 'struct',
    fields: { name: { type: 'string', nullable: true }, at: { type: 'timestamp-ms', nullable: true } },
    nullable: true,
  },
} as const

export function splitsOf(rows: number): readonly (readonly number[])[] {
  const numbers = Array.from({ length: rows }, (_, n) => n)
  return [0, 1, 2].map((rest) => numbers.filter((n) => n % 3 === rest))
}
