import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { parquetMetadata } from 'hyparquet'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { parquetSink } from '../../../connectors/parquet/index.js'
import { loadParquetLibrary } from '../../../connectors/parquet/load.js'
import type { Sink } from '../../../core/connector.js'
import { committerOf, openWriter, temporaryFolder, visible, writeAll } from '../file/support.js'
import { duckdb, rowsIn } from './readers.js'

async function writeFiles<T>(sink: Sink<T>, rows: readonly T[]): Promise<void> {
  const open = await openWriter(sink)
  await writeAll(open, rows)
  await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
  await open.writer.close()
}

const AT = 1356998400123

test('every type comes back, in hyparquet and in DuckDB', async () => {
  const path = await temporaryFolder()
  const sink = parquetSink({
    path,
    schema: {
      text: 'string',
      small: 'int32',
      big: 'int64',
      real: 'double',
      flag: 'boolean',
      at: 'timestamp-ms',
      maybe: { type: 'string', nullable: true },
    },
  })
  await writeFiles(sink, [
    { text: 'größe', small: -(2 ** 31), big: 2n ** 63n - 1n, real: 0.1, flag: true, at: AT, maybe: 'x' },
    { text: '', small: 2 ** 31 - 1, big: -5, real: -1e300, flag: false, at: new Date(-1), maybe: null },
    { text: 'c', small: 0, big: 0, real: 0, flag: false, at: 0 },
  ])
  expect(await visible(path)).toEqual(['part-a1-1-1-0-0.parquet'])
  const expected = [
    { text: 'größe', small: -(2 ** 31), big: 2n ** 63n - 1n, real: 0.1, flag: true, at: new Date(AT), maybe: 'x' },
    { text: '', small: 2 ** 31 - 1, big: -5n, real: -1e300, flag: false, at: new Date(-1), maybe: null },
    { text: 'c', small: 0, big: 0n, real: 0, flag: false, at: new Date(0), maybe: null },
  ]
  expect((await rowsIn(path)).map((row) => ({ maybe: null, ...(row as object) }))).toEqual(expected)
  const stored = await duckdb(`select *, epoch_ms("at") as ms from '${path}/*.parquet'`)
  expect(stored).toMatchObject(expected.map(({ at, ...rest }) => ({ ...rest, ms: BigInt(at.getTime()) })))
  const schema = await duckdb(`select name, type, converted_type from parquet_schema('${path}/*.parquet')`)
  expect(schema).toContainEqual({ name: 'at', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' })
})

test('many row groups and rolled files hold all rows in order', async () => {
  const path = await temporaryFolder()
  const rows = Array.from({ length: 25_000 }, (_, id) => ({ id, name: `n${id % 100}` }))
  const sink = parquetSink({ path, schema: { id: 'int32', name: 'string' }, rowGroupSize: 3000, maxRows: 10_000 })
  await writeFiles(sink, rows)
  expect(await visible(path)).toHaveLength(3)
  expect(await rowsIn(path)).toEqual(rows)
  const bytes = await readFile(join(path, 'part-a1-1-1-0-0.parquet'))
  expect(parquetMetadata(new Uint8Array(bytes).buffer).row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([
    3000, 3000, 3000, 1000,
  ])
  expect(await duckdb(`select count(*) as n, sum(id) as s from '${path}/*.parquet'`)).toEqual([
    { n: 25_000n, s: 312_487_500n },
  ])
})

test('uncompressed files read the same', async () => {
  const path = await temporaryFolder()
  const sink = parquetSink({ path, schema: { id: 'int32' }, compression: 'uncompressed' })
  await writeFiles(sink, [{ id: 1 }, { id: 2 }])
  expect(await rowsIn(path)).toEqual([{ id: 1 }, { id: 2 }])
})

test('a small buffer pushes back and loses nothing', async () => {
  const path = await temporaryFolder()
  const rows = Array.from({ length: 5000 }, (_, id) => ({ id }))
  const open = await openWriter(parquetSink({ path, schema: { id: 'int32' }, rowGroupSize: 100, bufferBytes: 500 }))
  expect(await writeAll(open, rows)).toBeGreaterThan(1)
  const sink = parquetSink({ path, schema: { id: 'int32' } })
  await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
  expect(await rowsIn(path)).toEqual(rows)
  await open.writer.close()
})

describe('a value that does not fit is an error that names column and row, never a silent null', () => {
  // Every kind of value of every type: types.test.ts.
  test.each([
    ['string', undefined],
    ['int64', 2 ** 53],
    ['double', null],
    ['timestamp-ms', '2013-01-01'],
  ] as const)('%s: %s', async (type, value) => {
    const path = await temporaryFolder()
    // The wrong rows are the point.
    const sink = parquetSink({ path, schema: { ok: 'int32', column: type } }) as Sink<unknown>
    const open = await openWriter(sink)
    const good = { string: 'x', int64: 1, double: 1, 'timestamp-ms': 1 }[type]
    const rows = [
      { ok: 1, column: good },
      { ok: 2, column: value },
    ]
    await expect(writeAll(open, rows)).rejects.toMatchObject({
      code: 'ROW_INVALID',
      operatorId: 'op',
      location: 'row 1 of subtask 0',
      message: expect.stringContaining("column 'column': expected"),
    })
    await open.writer.close()
  })

  test('a property without a column', async () => {
    const sink = parquetSink({ path: await temporaryFolder(), schema: { a: 'int32' } })
    const open = await openWriter(sink)
    const wide = { a: 1, b: 2 }
    await expect(writeAll(open, [wide])).rejects.toMatchObject({ message: expect.stringContaining("'b'") })
    await open.writer.close()
  })
})

test('doubles and strings of any kind survive (property)', async () => {
  const schema = { real: 'double', text: { type: 'string', nullable: true } } as const
  const row = fc.record({
    real: fc.double(),
    text: fc.option(fc.string({ unit: 'grapheme', maxLength: 8 })),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 50 }), async (rows) => {
      const path = await temporaryFolder()
      await writeFiles(parquetSink({ path, schema, rowGroupSize: 7 }), rows)
      const found = (await rowsIn(path)) as typeof rows
      expect(found.map(({ real, text }) => ({ real, text: text ?? null }))).toEqual(rows)
    }),
    { numRuns: 25 },
  )
})

test('the schema gives the type of the rows', () => {
  const sink = parquetSink({
    path: 'x',
    schema: { a: 'string', b: { type: 'int64', nullable: true }, c: { type: 'boolean' } },
  })
  expectTypeOf<{ a: string; b: number | null; c: boolean }>().toExtend<
    Parameters<NonNullable<typeof sink.accepts>>[0]
  >()
  expectTypeOf<{ a: string; c: boolean }>().toExtend<Parameters<NonNullable<typeof sink.accepts>>[0]>()
  expectTypeOf<{ a: number; c: boolean }>().not.toExtend<Parameters<NonNullable<typeof sink.accepts>>[0]>()
  expectTypeOf<{ a: string; c: null }>().not.toExtend<Parameters<NonNullable<typeof sink.accepts>>[0]>()
})

test.each([
  () => parquetSink({ path: 'x', schema: {} }),
  () => parquetSink({ path: 'x', schema: { a: 'toString' as 'string' } }),
  () => parquetSink({ path: 'x', schema: { a: 'int32' }, rowGroupSize: 0 }),
  () => parquetSink({ path: 'x', schema: { a: 'int32' }, compression: 'zip' as 'snappy' }),
])('a schema or option that cannot work is refused when the job is built (%#)', (build) => {
  expect(build).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', domain: 'user' }))
})

test('without the package the error has the command that installs it', async () => {
  const missing = loadParquetLibrary(() => import(`hyparquet-writer-${'missing'}`))
  await expect(missing).rejects.toMatchObject({
    code: 'DEPENDENCY_MISSING',
    message: expect.stringMatching(/npm i hyparquet-writer$/),
  })
})
