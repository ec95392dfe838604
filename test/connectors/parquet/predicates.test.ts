import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ParquetColumn, parquetSink } from '../../../connectors/parquet/index.js'
import type { Sink } from '../../../core/connector.js'
import { IS_WHOLE, runs, timeout } from '../../setup/runs.js'
import { committerOf, openWriter, temporaryFolder, writeAll } from '../file/support.js'
import { duckdb } from './readers.js'

/** Several row groups, and several pages or one in each: what a reader skips by is there. */
async function written(column: ParquetColumn, values: readonly unknown[], pageBytes: number): Promise<string> {
  const path = await temporaryFolder()
  const sink = parquetSink({ path, schema: { n: 'int32', v: column }, rowGroupSize: 5, pageBytes }) as Sink<unknown>
  const open = await openWriter(sink)
  await writeAll(
    open,
    values.map((v, n) => ({ n, v })),
  )
  await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
  await open.writer.close()
  return `'${path}/*.parquet'`
}

/** A value as SQL, and as what tells whether two are one. */
interface Kind {
  readonly column: ParquetColumn
  readonly values: fc.Arbitrary<unknown>
  sql(value: never): string
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
/** Beyond U+FFFF the order of UTF-16 is not that of UTF-8. Long ones are cut in statistics. */
const words = fc
  .array(fc.constantFrom('a', 'z', 'é', '\u{ff5e}', '\u{1f600}', '\u{10ffff}', '\u007f'), { maxLength: 20 })
  .map((parts) => parts.join(''))
const nullable = true

const KINDS: Readonly<Record<string, Kind>> = {
  string: { column: { type: 'string', nullable, bloomFilter: true }, values: words, sql: text },
  int32: { column: { type: 'int32', nullable, bloomFilter: true }, values: fc.integer(), sql: String },
  int64: {
    column: { type: 'int64', nullable, bloomFilter: true },
    values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    sql: (value: bigint) => `'${value}'::bigint`,
  },
  double: {
    column: { type: 'double', nullable },
    values: fc.oneof(fc.constantFrom(0, -0, Number.NaN, 1, -1), fc.double()),
    sql: (value: number) => `'${value}'::double`,
  },
  float: {
    column: { type: 'float', nullable },
    values: fc.oneof(fc.constantFrom(0, -0, Number.NaN, 1, -1), fc.float()),
    sql: (value: number) => `'${value}'::float`,
  },
  boolean: { column: { type: 'boolean', nullable }, values: fc.boolean(), sql: String },
  date: {
    column: { type: 'date', nullable },
    values: fc.integer({ min: -30_000, max: 60_000 }).map((days) => new Date(days * 86_400_000)),
    sql: (value: Date) => `'${value.toISOString().slice(0, 10)}'::date`,
  },
  'timestamp-ms': {
    column: { type: 'timestamp-ms', nullable },
    values: fc.integer({ min: -1e12, max: 4e12 }),
    sql: (value: number) => `make_timestamptz(${value}000)`,
  },
  'timestamp-us': {
    column: { type: 'timestamp-us', nullable },
    values: fc.bigInt({ min: -(10n ** 15n), max: 4n * 10n ** 15n }),
    sql: (value: bigint) => `make_timestamptz(${value})`,
  },
  binary: {
    column: { type: 'binary', nullable },
    values: fc.array(fc.constantFrom(0, 1, 127, 128, 255), { maxLength: 20 }).map((bytes) => Uint8Array.from(bytes)),
    sql: (value: Uint8Array) => `unhex('${Buffer.from(value).toString('hex')}')`,
  },
  ...Object.fromEntries(
    [5, 15, 38].map((precision): [string, Kind] => [
      `decimal of ${precision} digits`,
      {
        column: { type: 'decimal', precision, scale: 2, nullable },
        values: fc.bigInt({ min: -(10n ** BigInt(precision - 2)) + 1n, max: 10n ** BigInt(precision - 2) - 1n }),
        sql: (value: bigint) => `'${value}'::decimal(${precision}, 2)`,
      },
    ]),
  ),
}

/** One of each way to be stored and compared. */
const SAMPLE: readonly string[] = ['string', 'int64', 'double', 'timestamp-us', 'decimal of 38 digits']

test.each(Object.entries(KINDS).filter(([name]) => IS_WHOLE || SAMPLE.includes(name)))(
  'a reader that skips by what the file says of a %s finds every row that it looks for (property)',
  { timeout },
  async (_, { column: type, values, sql }) => {
    const cases = fc.array(fc.option(values, { freq: 6 }), { minLength: 1, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(cases, fc.constantFrom(16, 1000), async (rows, pageBytes) => {
        const from = await written(type, rows, pageBytes)
        const wanted = [
          ...new Map(rows.filter((value) => value !== null).map((value) => [sql(value as never), value])).keys(),
        ]
        const asked = wanted.slice(0, 6).flatMap((literal) => ['=', '<', '>='].map((is) => `v ${is} ${literal}`))
        const counts = asked.map(
          // What is taken out of a list again is nothing that a file knows of.
          (where, n) => `(select count(*) from ${from} where ${where})::int as skipping${n},
            (select count(*) from (select l[1] as v from (select [v] as l from ${from})) where ${where})::int as looking${n}`,
        )
        const nulls = `(select count(*) from ${from} where v is null)::int as nulls`
        const [found] = await duckdb(`select ${[...counts, nulls].join(', ')}`)
        const column = (name: string) => asked.map((where, n) => `${where}: ${found?.[`${name}${n}`]}`)
        expect(column('skipping')).toEqual(column('looking'))
        expect(found?.['nulls']).toBe(rows.filter((value) => value === null).length)
      }),
      runs(3),
    )
  },
)
