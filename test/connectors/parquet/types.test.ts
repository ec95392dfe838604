import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Table, tableFromIPC } from 'apache-arrow'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { readParquet } from 'parquet-wasm/node'
import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  type ParquetCompression,
  type ParquetSchema,
  parquetFormat,
  parquetSink,
} from '../../../connectors/parquet/index.js'
import type { Sink } from '../../../core/connector.js'
import { IS_WHOLE } from '../../setup/runs.js'
import { committerOf, openWriter, temporaryFolder, visible, writeAll } from '../file/support.js'
import { duckdbJson as duckdb } from './readers.js'

const DATE = new Date('2026-11-21T00:00:00Z')
const AT = new Date('2026-11-21T12:34:56.789Z')

const SCHEMA = {
  text: 'string',
  small: 'int32',
  big: 'int64',
  single: 'float',
  real: 'double',
  flag: 'boolean',
  ms: 'timestamp-ms',
  us: 'timestamp-us',
  day: 'date',
  bytes: 'binary',
  price: { type: 'decimal', precision: 9, scale: 2 },
  amount: { type: 'decimal', precision: 18, scale: 4 },
  huge: { type: 'decimal', precision: 38, scale: 6 },
  tags: { type: 'list', of: { type: 'string', nullable: true } },
  grid: { type: 'list', of: { type: 'list', of: 'int32' } },
  place: {
    type: 'struct',
    fields: { name: 'string', at: { type: 'struct', fields: { lat: 'double', lon: 'double' }, nullable: true } },
  },
  counts: { type: 'map', keys: 'string', values: { type: 'int64', nullable: true } },
  stops: {
    type: 'list',
    of: { type: 'struct', fields: { id: 'int32', fees: { type: 'list', of: 'double', nullable: true } } },
    nullable: true,
  },
} as const

const FULL = {
  text: 'größe',
  small: -(2 ** 31),
  big: 2n ** 63n - 1n,
  single: 1.5,
  real: -0,
  flag: true,
  ms: AT,
  us: 1_795_264_496_789_123n,
  day: '2026-11-21',
  bytes: Uint8Array.of(0, 255, 7),
  price: '-1234567.89',
  amount: 12.5,
  huge: '-12345678901234567890123456789012.123456',
  tags: ['a', null, ''],
  grid: [[1, 2], [], [3]],
  place: { name: 'JFK', at: { lat: 40.6, lon: -73.8 } },
  counts: { x: 1, y: null },
  stops: [
    { id: 1, fees: [0.5, 1] },
    { id: 2, fees: [] },
    { id: 3, fees: null },
  ],
}
const SPARSE = {
  ...FULL,
  ...{ text: '', real: 0, single: Number.NEGATIVE_INFINITY, day: DATE, us: AT, price: 7n, amount: 0, huge: 0 },
  ...{ tags: [], grid: [], place: { name: 'none' }, counts: new Map([['z', 5n]]), stops: undefined },
}

async function written(schema: ParquetSchema, rows: readonly unknown[], options: object = {}): Promise<string> {
  const path = await temporaryFolder()
  const sink = parquetSink({ path, schema, ...options }) as Sink<unknown>
  const open = await openWriter(sink)
  await writeAll(open, rows)
  await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
  await open.writer.close()
  return join(path, (await visible(path))[0]!)
}

/** The Rust implementation, which shares nothing with the writer. */
async function arrow(path: string): Promise<Table> {
  return tableFromIPC(readParquet(await readFile(path)).intoIPCStream())
}

/** That every codec is read by DuckDB is shown with S3 as well. */
const CODECS: readonly ParquetCompression[] = IS_WHOLE ? ['snappy', 'zstd', 'gzip', 'uncompressed'] : ['zstd']

describe.each(CODECS)('every type comes back, with %s', (compression) => {
  test('in DuckDB', async () => {
    const path = await written(SCHEMA, [FULL, SPARSE], { compression })
    const [full, sparse] = await duckdb(`select *, hex(bytes) as hex, epoch_us(us) as "usOf", epoch_ms(ms) as "msOf"
      from read_parquet('${path}')`)
    expect(full).toMatchObject({
      ...{ text: 'größe', small: -(2 ** 31), big: String(2n ** 63n - 1n), single: 1.5, flag: true },
      ...{ msOf: String(AT.getTime()), usOf: '1795264496789123', day: '2026-11-21', hex: '00FF07' },
      ...{ price: '-1234567.89', amount: '12.5000', huge: '-12345678901234567890123456789012.123456' },
      ...{ tags: ['a', null, ''], grid: [[1, 2], [], [3]] },
      place: { name: 'JFK', at: { lat: 40.6, lon: -73.8 } },
      counts: [
        { key: 'x', value: '1' },
        { key: 'y', value: null },
      ],
      stops: [
        { id: 1, fees: [0.5, 1] },
        { id: 2, fees: [] },
        { id: 3, fees: null },
      ],
    })
    expect(sparse).toMatchObject({
      ...{ text: '', single: '-Infinity', day: '2026-11-21', usOf: String(AT.getTime() * 1000), price: '7.00' },
      ...{ tags: [], grid: [], place: { name: 'none', at: null }, counts: [{ key: 'z', value: '5' }], stops: null },
    })
  })

  test('in the Rust reader', async () => {
    const table = await arrow(await written(SCHEMA, [FULL, SPARSE], { compression }))
    expect(Object.fromEntries(table.schema.fields.map(({ name, type }) => [name, String(type)]))).toMatchObject({
      ...{ text: 'Utf8', small: 'Int32', big: 'Int64', single: 'Float32', real: 'Float64', flag: 'Bool' },
      ...{ bytes: 'Binary', tags: 'List<Utf8>', grid: 'List<List<Int32>>' },
      ...{ price: expect.stringMatching(/Decimal/), day: expect.stringMatching(/Date/) },
    })
    const [full, sparse] = table.toArray().map((row) => row?.toJSON() as Record<string, unknown>)
    expect(full!['big']).toBe(2n ** 63n - 1n)
    expect(Object.is(full!['real'], -0)).toBe(true)
    expect(Object.is(sparse!['real'], 0)).toBe(true)
    expect([...(full!['bytes'] as Uint8Array)]).toEqual([0, 255, 7])
    const json = JSON.parse(
      JSON.stringify([full, sparse], (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
    )
    expect(json[0]).toMatchObject({
      ...{ text: 'größe', tags: ['a', null, ''], grid: [[1, 2], [], [3]] },
      ...{ place: { name: 'JFK', at: { lat: 40.6, lon: -73.8 } }, counts: { x: 1, y: null } },
      stops: [
        { id: 1, fees: [0.5, 1] },
        { id: 2, fees: [] },
        { id: 3, fees: null },
      ],
    })
    expect(json[1]).toMatchObject({
      tags: [],
      grid: [],
      place: { name: 'none', at: null },
      counts: { z: 5 },
      stops: null,
    })
  })
})

test('zeros below zero and NaN are kept where values repeat, in columns and in lists', async () => {
  const rows = Array.from({ length: 400 }, (_, n) => {
    const one = [0, -0, Number.NaN, 1][n % 4]!
    return { one, many: [one, -0] }
  })
  const path = await written({ one: 'double', many: { type: 'list', of: 'float' } }, rows)
  const found = (await parquetReadObjects({ file: await asyncBufferFromFile(path) })) as typeof rows
  expect(found.every((row, n) => Object.is(row.one, rows[n]!.one) && Object.is(row.many[1], -0))).toBe(true)
  expect((await arrow(path)).getChild('one')?.toArray()).toEqual(Float64Array.from(rows, ({ one }) => one))
})

const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  string: [5, true, {}, [], null, undefined, 'a\ud800', '\udc00b', new Date(), 1n, Symbol.iterator, new String('x')],
  int32: [
    1.5,
    2 ** 31,
    -(2 ** 31) - 1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '5',
    5n,
    true,
    null,
    undefined,
    {},
    new Date(),
  ],
  int64: [2 ** 53, 2n ** 63n, -(2n ** 63n) - 1n, 0.5, Number.NaN, '5', true, null, undefined, [], new Date()],
  float: [3.5e38, -1e300, '1', 1n, true, null, undefined, {}, new Date()],
  double: ['1.5', 1n, true, null, undefined, {}, [1], new Date()],
  boolean: [0, 1, 'true', null, undefined, {}, 1n],
  'timestamp-ms': [1.5, Number.NaN, 8.64e15 + 1, new Date(Number.NaN), '2013-01-01', 5n, true, null, undefined, {}],
  'timestamp-us': [1, 1.5, new Date(Number.NaN), 8640000000000000001000n, '2013-01-01', true, null, undefined, {}],
  date: [
    '2026-02-30',
    '2026-13-01',
    '26-01-01',
    '2026-1-1',
    '',
    20778,
    new Date(Number.NaN),
    AT,
    5n,
    null,
    undefined,
    {},
  ],
  binary: ['x', [1, 2], new ArrayBuffer(2), new Uint16Array(2), 5, null, undefined, {}],
}

const GOOD: Readonly<Record<string, unknown>> = {
  ...{ string: 'x', int32: 1, int64: 1, float: 1, double: 1, boolean: true, 'timestamp-ms': 1, 'timestamp-us': 1n },
  ...{ date: '2026-01-01', binary: new Uint8Array(1) },
}

/** By the encoder alone; that a sink says which row it was is shown where sinks are. */
async function rejects(schema: ParquetSchema, good: object, bad: object, message: RegExp | string): Promise<void> {
  const encoder = (await parquetFormat({ schema }).load())()
  encoder.add(good)
  const said = typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message)
  expect(() => encoder.add(bad)).toThrow(expect.objectContaining({ code: 'ROW_INVALID', message: said }))
}

describe('what does not fit is an error that names the place, never a silent null', () => {
  test.each(Object.keys(WRONG))('%s', async (type) => {
    for (const value of WRONG[type]!) {
      const schema = { column: type } as ParquetSchema
      await rejects(schema, { column: GOOD[type] }, { column: value }, /column 'column': expected .+, found /)
      const list = { column: { type: 'list', of: type } } as ParquetSchema
      await rejects(list, { column: [GOOD[type]] }, { column: [GOOD[type], value] }, "column 'column[1]': expected")
    }
  })

  test('decimals: more digits than there is room for, and what is no exact number', async () => {
    const schema = { column: { type: 'decimal', precision: 5, scale: 2 } } as const
    const fit = ['999.99', '-999.99', '+1.5', '.5', '5.', '1.500', 0.07, -0, 1e2, 123n, '00012', 1.005e2]
    const path = await written(
      schema,
      fit.map((column) => ({ column })),
    )
    expect((await duckdb(`select "column"::varchar as c from '${path}'`)).map(({ c }) => c)).toEqual([
      ...['999.99', '-999.99', '1.50', '0.50', '5.00', '1.50', '0.07', '0.00', '100.00', '123.00', '12.00', '100.50'],
    ])
    const wrong = ['1000', 1000, 1000n, -1000n, '0.001', 0.1 + 0.2, 1e21, 5e-324, Number.NaN, Number.POSITIVE_INFINITY]
    for (const value of [...wrong, '1e2', '', '.', '-', ' 1', '1,5', '0x1', 'NaN', true, null, undefined, {}, [1]]) {
      await rejects(schema, { column: 1 }, { column: value }, "column 'column': expected")
    }
  })

  test('inside of structs, lists and maps', async () => {
    const wrong: readonly (readonly [object, string])[] = [
      [{ place: { name: 'x', at: { lat: 1 } } }, "column 'place.at.lon'"],
      [{ place: { name: 'x', more: 1 } }, "column 'place' has 'more'"],
      [{ place: { name: 'x', at: { lat: 1, lon: 2, alt: 3 } } }, "column 'place.at' has 'alt'"],
      [{ place: null }, "column 'place': expected an object (it is not nullable)"],
      [{ place: [] }, "column 'place': expected an object, found an array"],
      [{ place: new Map() }, "column 'place': expected an object, found a Map"],
      [{ grid: [[1], null] }, "column 'grid[1]': expected an array (it is not nullable)"],
      [{ grid: [[1], [2, 2.5]] }, "column 'grid[1][1]'"],
      [{ grid: { length: 1, 0: [] } }, "column 'grid': expected an array, found an object"],
      [{ counts: { x: 1, y: 0.5 } }, "column 'counts{1}.value'"],
      [{ counts: new Map([[5, 1]]) }, "column 'counts{0}.key'"],
      [{ counts: 'x' }, "column 'counts': expected a Map or an object"],
      [{ stops: [{ id: 1 }, { id: 'x' }] }, "column 'stops[1].id'"],
      [{ other: 1 }, "the row has 'other'"],
    ]
    for (const [part, message] of wrong) await rejects(SCHEMA, FULL, { ...FULL, ...part }, message)
  })

  test.each([
    [new Map([['a', 1]]), 'a Map'],
    [new Date(0), 'another Date'],
    [[], 'an array'],
    [new Uint8Array(1), 'a Uint8Array'],
    [5, 'a number'],
    ['secret', 'a string'],
    [null, 'null'],
  ])('a row that is none, though all of its columns may be null (%#)', async (row, found) => {
    const schema = { a: { type: 'int32', nullable: true } } as const
    await rejects(schema, { a: 1 }, row as never, `a row is an object, found ${found}`)
  })

  test('two keys of a map that are one in the file', async () => {
    const schema = { m: { type: 'map', keys: 'int64', values: 'int32' } } as const
    const twice = new Map<number | bigint, number>([
      [1, 1],
      [1n, 2],
    ])
    await rejects(schema, { m: new Map([[1, 1]]) }, { m: twice }, 'keys that differ')
  })

  test('a row that does not fit leaves nothing behind', async () => {
    const path = await temporaryFolder()
    const sink = parquetSink({ path, schema: { a: 'string', b: 'int32' }, onRejected: 'skip' }) as Sink<unknown>
    const open = await openWriter(sink)
    await writeAll(open, [
      { a: 'x', b: 1 },
      { a: 'gone', b: 'no' },
      { a: 'y', b: 2 },
      { a: 'gone', b: null },
    ])
    await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
    expect(await duckdb(`select * from '${path}/*.parquet'`)).toEqual([
      { a: 'x', b: 1 },
      { a: 'y', b: 2 },
    ])
    await open.writer.close()
  })
})

test('names that every object has are columns like others', async () => {
  const schema: ParquetSchema = {
    constructor: { type: 'string', nullable: true },
    s: { type: 'struct', fields: { toString: { type: 'int32', nullable: true }, b: 'int32' } },
  } as never
  const path = await written(schema, [{ s: { b: 1 } }, JSON.parse('{"constructor":"c","s":{"toString":5,"b":2}}')])
  expect(await duckdb(`select "constructor" as c, s from '${path}'`)).toEqual([
    { c: null, s: { toString: null, b: 1 } },
    { c: 'c', s: { toString: 5, b: 2 } },
  ])
})

test('a row group ends by bytes too, and pages and bloom filters are there for readers to skip by', async () => {
  const rows = Array.from({ length: 4000 }, (_, n) => ({ id: `key-${n * 7919}`, n, text: 'x'.repeat(500) + n }))
  const schema = { id: { type: 'string', bloomFilter: true }, n: 'int32', text: 'string' } as const
  const path = await written(schema, rows, { rowGroupBytes: 500_000, pageBytes: 50_000, bufferBytes: 64 * 1024 * 1024 })
  const { row_groups: groups } = await parquetMetadataAsync(await asyncBufferFromFile(path))
  expect(groups.length).toBeGreaterThan(3)
  const chunk = (column: number) => groups[0]!.columns[column]!
  expect(chunk(2).column_index_length).toBeGreaterThan(0)
  expect(chunk(2).offset_index_length).toBeGreaterThan(0)
  expect(chunk(0).meta_data?.bloom_filter_offset).toBeDefined()
  expect(chunk(1).meta_data?.statistics).toMatchObject({ min_value: 0, null_count: 0n })
  const probe = async (key: string) =>
    (await duckdb(`select * from parquet_bloom_probe('${path}', 'id', '${key}')`)).filter(
      ({ bloom_filter_excludes: excludes }) => excludes === false,
    )
  expect(await probe(rows[5]!.id)).toHaveLength(1)
  expect(await probe('not there')).toHaveLength(0)
  const hits = `select count(*)::int as c, max(n) as n from '${path}' where`
  expect(await duckdb(`${hits} n between 1000 and 1009`)).toEqual([{ c: 10, n: 1009 }])
  expect(await duckdb(`${hits} id = '${rows[77]!.id}'`)).toEqual([{ c: 1, n: 77 }])
  expect((await arrow(path)).numRows).toBe(4000)
})

test('partitions in the manner of Hive, with predicates on them', async () => {
  const path = await temporaryFolder()
  const sink = parquetSink({
    path,
    schema: { n: 'int32', at: 'timestamp-ms' },
    prefix: 'year=!{timestamp:yyyy}/month=!{timestamp:MM}/side=!{partitionKeyFromQuery:side}/',
    partitionKeys: { side: ({ n }) => n % 2 },
    eventTime: ({ at }) => Number(at),
  })
  const open = await openWriter(sink)
  const rows = Array.from({ length: 60 }, (_, n) => ({ n, at: Date.UTC(2026, n % 3, 5) }))
  await writeAll(open, rows)
  await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
  const from = `from read_parquet('${path}/*/*/*/*.parquet', hive_partitioning = true)`
  expect(await duckdb(`select count(*)::int as c, sum(n)::int as s ${from} where month = '02' and side = 1`)).toEqual([
    { c: 10, s: rows.filter(({ n }) => n % 3 === 1 && n % 2 === 1).reduce((sum, { n }) => sum + n, 0) },
  ])
  expect(await duckdb(`select count(*)::int as c ${from} where year = 2026 and n < 30`)).toEqual([{ c: 30 }])
  await open.writer.close()
})

test.each<[string, unknown]>([
  ['an unknown type', 'decimal64'],
  ['a decimal without precision', { type: 'decimal' }],
  ['a decimal of too many digits', { type: 'decimal', precision: 39 }],
  ['a scale beyond the precision', { type: 'decimal', precision: 3, scale: 4 }],
  ['a list of nothing', { type: 'list' }],
  ['a struct without fields', { type: 'struct', fields: {} }],
  ['a map with keys that are not told apart', { type: 'map', keys: 'binary', values: 'string' }],
  ['an option that there is not', { type: 'string', nulable: true }],
  ['a bloom filter of bytes', { type: 'binary', bloomFilter: true }],
  ['a bloom filter of doubles', { type: 'double', bloomFilter: true }],
  ['a bloom filter inside of a list', { type: 'list', of: { type: 'string', bloomFilter: true } }],
  ['nullable as text', { type: 'string', nullable: 'yes' }],
  ['nothing', null],
])('%s is refused when the job is built', (_, column) => {
  const schema = { column } as ParquetSchema
  expect(() => parquetSink({ path: 'x', schema })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('column') }),
  )
})

test('the schema gives the type of nested rows', () => {
  const sink = parquetSink({ path: 'x', schema: SCHEMA })
  type Row = Parameters<NonNullable<typeof sink.accepts>>[0]
  expectTypeOf<Row['price']>().toEqualTypeOf<string | number | bigint>()
  expectTypeOf<Row['tags']>().toEqualTypeOf<readonly (string | null | undefined)[]>()
  expectTypeOf<Row['grid']>().toEqualTypeOf<readonly (readonly number[])[]>()
  expectTypeOf<number>().not.toExtend<Row['us']>()
  expectTypeOf<{ name: string; at: { lat: number } }>().not.toExtend<Row['place']>()
  expectTypeOf<{ name: string }>().toExtend<Row['place']>()
  expectTypeOf<ReadonlyMap<string, number>>().toExtend<Row['counts']>()
})
