import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fileSink, jsonLines } from '../../../connectors/file/index.js'
import { inferSchema, type ParquetColumn, parquetFormat, parquetSink } from '../../../connectors/parquet/index.js'
import { runs, timeout } from '../../setup/runs.js'
import { committerOf, linesOf, openWriter, temporaryFolder, visible, writeAll } from '../file/support.js'
import { double, inferred, inferringSink, int64, nullable, schemaAt, string } from './inference-support.js'
import { canonicalRow, duckdb, rowsIn, rustRows } from './readers.js'

describe('what the first rows have decides', () => {
  test.each<[string, readonly unknown[], ParquetColumn]>([
    ['whole numbers', [1, -0, 2 ** 53 - 1], int64],
    ['whole numbers and one fraction at the end', [1, 2, 3, 4.5], double],
    ['a whole number that is not exact', [1, 2 ** 53], double],
    ['NaN beside whole numbers', [1, Number.NaN], double],
    ['bigints', [1n], int64],
    ['bigints and whole numbers', [1, 2n], int64],
    ['strings, also those that look like dates', ['2026-11-21', '5'], string],
    ['booleans', [true], nullable({ type: 'boolean' })],
    ['Dates', [new Date(5)], nullable({ type: 'timestamp-ms' })],
    ['epoch milliseconds, which are numbers', [1_795_264_496_789], int64],
    ['bytes', [Buffer.from('x'), new Uint8Array(2)], nullable({ type: 'binary' })],
    ['lists, over all their elements', [[], [1], [null, 2.5]], nullable({ type: 'list', of: double })],
    ['lists of lists', [[[]], [['a']]], nullable({ type: 'list', of: nullable({ type: 'list', of: string }) })],
    [
      'objects, over all their properties',
      [{ a: 1 }, { b: 'x' }],
      nullable({ type: 'struct', fields: { a: int64, b: string } }),
    ],
    [
      'Maps',
      [new Map(), new Map([[1, 'x']]), new Map([[2n, null]])],
      nullable({ type: 'map', keys: 'int64', values: string }),
    ],
    ['nulls aside', [null, undefined, 'x'], string],
  ])('%s', async (_, values, column) => {
    const path = await inferred(values.map((a) => ({ a })))
    expect(await schemaAt(path)).toEqual({ a: column })
    expect(await rowsIn(path)).toHaveLength(values.length)
  })

  test('a column that is only in some rows is null in the others', async () => {
    const path = await inferred([{ a: 1 }, { b: 'x' }, { a: 2, b: null }])
    expect(await schemaAt(path)).toEqual({ a: int64, b: string })
    expect(await duckdb(`select * from '${path}/*.parquet'`)).toEqual([
      { a: 1n, b: null },
      { a: null, b: 'x' },
      { a: 2n, b: null },
    ])
  })

  test('columns that are declared are what is declared, and come first', async () => {
    const columns = { price: { type: 'decimal', precision: 9, scale: 2 }, day: 'date', empty: string } as const
    const path = await inferred([{ n: 1, price: 0.1, day: '2026-11-21', empty: null }], { columns })
    expect(Object.entries(await schemaAt(path))).toEqual(Object.entries({ ...columns, n: int64 }))
    expect(await duckdb(`select price::varchar as p, day::varchar as d, n from '${path}/*.parquet'`)).toEqual([
      { p: '0.10', d: '2026-11-21', n: 1n },
    ])
  })

  test('a getter of a class is a column where it is declared, and none where it is not', async () => {
    class Trip {
      readonly n = 1
      get fare(): number {
        return 2.5
      }
      get tip(): number {
        return 0.5
      }
    }
    const path = await inferred([new Trip()], { columns: { fare: 'double' } })
    expect(await rowsIn(path)).toEqual([{ fare: 2.5, n: 1n }])
  })

  test('names that every object has, and numbers, are columns like others', async () => {
    const row = JSON.parse('{"constructor":"c","__proto__":5,"7":true,"s":{"toString":1}}')
    const path = await inferred([row])
    expect(await duckdb(`select "constructor" as c, "__proto__" as p, "7" as n, s from '${path}/*.parquet'`)).toEqual([
      { c: 'c', p: 5n, n: true, s: { toString: 1n } },
    ])
  })

  test('parquetFormat and parquetSink without a schema infer it', async () => {
    const path = await temporaryFolder()
    const other = await temporaryFolder()
    for (const sink of [
      parquetSink<{ a: number }>({ path }),
      fileSink<{ a: number }>({ path: other, format: parquetFormat() }),
    ]) {
      const open = await openWriter(sink)
      await writeAll(open, [{ a: 1 }])
      await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
    }
    expect(await rowsIn(path)).toEqual([{ a: 1n }])
    expect(await rowsIn(other)).toEqual([{ a: 1n }])
  })
})

/** A type of columns, what its values are, and what they are when the type is to be told from them. */
interface Typed {
  readonly column: ParquetColumn
  readonly some: fc.Arbitrary<unknown>
  readonly telling: fc.Arbitrary<unknown>
}

const whole = fc.maxSafeInteger()
const scalars: readonly Typed[] = [
  { column: int64, some: whole, telling: whole },
  {
    column: int64,
    some: fc.oneof(whole, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    telling: fc.constant(1n),
  },
  { column: double, some: fc.oneof(whole, fc.double()), telling: fc.constantFrom(0.5, Number.NaN, -1e300) },
  { column: string, some: fc.string({ unit: 'grapheme', maxLength: 6 }), telling: fc.constant('') },
  { column: nullable({ type: 'boolean' }), some: fc.boolean(), telling: fc.boolean() },
  {
    column: nullable({ type: 'timestamp-ms' }),
    some: fc.date({ noInvalidDate: true, min: new Date('0100-01-01'), max: new Date('9999-01-01') }),
    telling: fc.constant(new Date(0)),
  },
  {
    column: nullable({ type: 'binary' }),
    some: fc.uint8Array({ maxLength: 4 }),
    telling: fc.constant(new Uint8Array(0)),
  },
]

function typed(depth: number): fc.Arbitrary<Typed> {
  const scalar = fc.constantFrom(...scalars)
  if (depth === 0) return scalar
  const inner = typed(depth - 1)
  const maybe = (arbitrary: fc.Arbitrary<unknown>) => fc.option(arbitrary, { freq: 4 })
  const lists = inner.map(({ column, some, telling }): Typed => {
    const type = nullable({ type: 'list' as const, of: column })
    return { column: type, some: fc.array(maybe(some), { maxLength: 3 }), telling: fc.tuple(telling) }
  })
  const maps = inner.map(({ column, some, telling }): Typed => {
    const mapOf = (values: fc.Arbitrary<unknown>, minLength: number) =>
      fc
        .uniqueArray(fc.tuple(fc.string({ maxLength: 3 }), values), {
          selector: ([key]) => key,
          minLength,
          maxLength: 3,
        })
        .map((entries) => new Map(entries))
    const type = nullable({ type: 'map' as const, keys: 'string' as const, values: column })
    return { column: type, some: mapOf(maybe(some), 0), telling: mapOf(telling, 1) }
  })
  const structs = fieldsOf(depth - 1).map(({ column, some, telling }): Typed => {
    return { column: nullable({ type: 'struct' as const, fields: column }), some, telling }
  })
  return fc.oneof({ weight: 3, arbitrary: scalar }, lists, maps, structs)
}

function fieldsOf(depth: number) {
  return fc
    .dictionary(fc.constantFrom('a', 'b', 'c'), typed(depth), { minKeys: 1, noNullPrototype: true })
    .map((types) => {
      const entries = Object.entries(types)
      const record = (arbitraryOf: (type: Typed) => fc.Arbitrary<unknown>, requiredKeys: string[]) =>
        fc.record(Object.fromEntries(entries.map(([name, type]) => [name, arbitraryOf(type)])), { requiredKeys })
      return {
        column: Object.fromEntries(entries.map(([name, { column }]) => [name, column])),
        some: record(({ some }) => fc.option(some, { freq: 4 }), []),
        telling: record(({ telling }) => telling, Object.keys(types)),
      }
    })
}

test('whatever the rows are, their types are found and DuckDB and the Rust reader give them back (property)', {
  timeout,
}, async () => {
  const cases = fieldsOf(2).chain(({ column, some, telling }) =>
    fc.record({
      column: fc.constant(column),
      rows: fc
        .tuple(fc.array(some, { maxLength: 4 }), telling, fc.array(some, { maxLength: 4 }))
        .map(([a, b, c]) => [...a, b, ...c]),
    }),
  )
  await fc.assert(
    fc.asyncProperty(cases, async ({ column, rows }) => {
      const path = await inferred(rows)
      expect(await schemaAt(path)).toEqual(column)
      const expected = (rows as Record<string, unknown>[]).map((row) => canonicalRow(row, column))
      expect((await duckdb(`select * from '${path}/*.parquet'`)).map((row) => canonicalRow(row, column))).toEqual(
        expected,
      )
      expect((await rustRows(path)).map((row) => canonicalRow(row, column))).toEqual(expected)
    }),
    runs(15),
  )
})

describe('what the rows leave open stops the job, and the message says what to declare', () => {
  test.each<[readonly object[], string]>([
    [
      [{ a: null }, { a: undefined }],
      'column \'a\' has only nulls. Declare what they are, inferSchema({ columns: { "a": ... } })',
    ],
    [[{ a: [] }], "column 'a' has only empty arrays"],
    [[{ a: [null] }], "column 'a[]' has only nulls"],
    [[{ a: new Map() }], "column 'a' has only empty Maps"],
    [[{ a: {} }], "column 'a' has only empty objects"],
    [[{ a: { b: { c: null } } }], "column 'a.b.c' has only nulls"],
    [[{ a: 1 }, { a: 'x' }, { a: 2 }], "column 'a' has whole numbers (2) and strings (1)"],
    [[{ a: 1n }, { a: 0.5 }], "column 'a' has bigints (1) and fractions (1)"],
    [[{ a: [1, 'x'] }], "column 'a[]' has whole numbers (1) and strings (1)"],
    [[{ a: { b: 1 } }, { a: new Map([['b', 1]]) }], "column 'a' has objects (1) and Maps (1)"],
    [[{ a: new Map([[0.5, 1]]) }], "column 'a' is a Map whose keys are fractions"],
    [[{ a: new Map([[null, 1]]) }], "column 'a' is a Map whose keys are null"],
    [[{ a: null, b: 1, c: [] }], "column 'a' has only nulls; column 'c' has only empty arrays. Declare"],
    [[{}], 'they have no properties'],
    [[Object.fromEntries(Array.from({ length: 2001 }, (_, n) => [`k${n}`, n]))], 'it would have 2001 columns'],
  ])('%#', async (rows, message) => {
    const thrown = await inferred(rows).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'SCHEMA_AMBIGUOUS', domain: 'user', operatorId: 'op' })
    const first = rows.length === 1 ? 'row' : `${rows.length} rows`
    expect((thrown as Error).message).toContain(
      `sink 'op': no schema can be inferred from the first ${first}: ${message}`,
    )
  })

  test('empty values are text where that is asked for, and so is what comes later', async () => {
    const path = await temporaryFolder()
    const sink = inferringSink(path, { undecided: 'string', rows: 1 })
    const open = await openWriter(sink)
    await writeAll(open, [{ a: null, b: [], c: {}, d: new Map(), e: { f: null } }])
    await writeAll(open, [{ a: 'x', b: ['y'], c: { k: 'v' }, d: new Map([['k', 'v']]), e: { f: 'z' } }])
    await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
    const entries = [{ key: 'k', value: 'v' }]
    expect(await duckdb(`select * from '${path}/*.parquet'`)).toEqual([
      { a: null, b: [], c: [], d: [], e: { f: null } },
      { a: 'x', b: ['y'], c: entries, d: entries, e: { f: 'z' } },
    ])
  })

  test('values of several types stay an error then', async () => {
    await expect(inferred([{ a: 1 }, { a: 'x' }], { undecided: 'string' })).rejects.toMatchObject({
      code: 'SCHEMA_AMBIGUOUS',
    })
  })
})

describe('a row that does not fit', () => {
  const good = [{ n: 1, s: { a: 'x' } }, { n: 2 }]
  const wrong: readonly (readonly [unknown, string])[] = [
    [
      { n: 0.5 },
      "column 'n': expected a bigint of 64 bits or a safe whole number, found a fraction; the schema was inferred",
    ],
    [{ n: 'x' }, "column 'n'"],
    [
      { n: 3, more: 1 },
      "the row has 'more', which is not in the schema; the schema was inferred from the first rows and is fixed in",
    ],
    [{ n: 3, s: { a: 'x', b: 1 } }, "column 's' has 'b'"],
    ['text', 'a row is an object'],
  ]

  test('behind the first rows goes where rejected rows go, never to a null', async () => {
    const path = await temporaryFolder()
    const dead = await temporaryFolder()
    const onRejected = { deadLetters: fileSink({ path: dead, format: jsonLines() }) }
    const sink = inferringSink(path, { rows: 2 }, { onRejected })
    const open = await openWriter(sink)
    await writeAll(open, good)
    await writeAll(open, [...wrong.map(([row]) => row), { n: 4 }])
    await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
    expect(await duckdb(`select * from '${path}/*.parquet'`)).toEqual([
      { n: 1n, s: { a: 'x' } },
      { n: 2n, s: null },
      { n: 4n, s: null },
    ])
    const letters = (await linesOf(dead)).map((line) => JSON.parse(line) as { code: string; message: string })
    expect(letters.map(({ code }) => code)).toEqual(wrong.map(() => 'ROW_INVALID'))
    for (const [index, [, message]] of wrong.entries()) {
      expect(letters[index]?.message).toContain(`row ${index + 2} of subtask 0: ${message}`)
    }
  })

  test('stops the job where that is the policy', async () => {
    const sink = inferringSink(await temporaryFolder(), { rows: 2 })
    const open = await openWriter(sink)
    await writeAll(open, good)
    await expect(writeAll(open, [{ n: 0.5 }])).rejects.toMatchObject({
      code: 'ROW_INVALID',
      location: 'row 2 of subtask 0',
    })
  })

  test('into any schema, among the first, tells nothing and spoils nothing', async () => {
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    const none = [
      null,
      5,
      'x',
      [1],
      new Map(),
      { f: () => 1 },
      { f: Symbol.iterator },
      { a: new Float64Array(2) },
      cyclic,
      { '': 1 },
      { s: { '': 1 } },
    ]
    const path = await inferred([...none, { a: 1 }, ...none], {}, { onRejected: 'skip' })
    expect(await schemaAt(path)).toEqual({ a: int64 })
    expect(await rowsIn(path)).toEqual([{ a: 1n }])
  })

  test('into a column that is declared, and holds itself, spoils nothing either', async () => {
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    const options = { columns: { text: string } }
    const path = await inferred([{ text: cyclic }, { text: 'x', a: 1 }], options, { onRejected: 'skip' })
    expect(await rowsIn(path)).toEqual([{ text: 'x', a: 1n }])
  })

  test('when there is no other, is rejected without a schema, and the schema is still open', async () => {
    const path = await temporaryFolder()
    const dead = await temporaryFolder()
    const sink = inferringSink(path, {}, { onRejected: { deadLetters: fileSink({ path: dead, format: jsonLines() }) } })
    const open = await openWriter(sink)
    const committer = await committerOf(sink)
    await writeAll(open, [5, 'x'])
    await committer.commit(await open.writer.prepareCommit(1))
    expect(await linesOf(dead)).toHaveLength(2)
    expect(await visible(path)).toEqual([])
    await writeAll(open, [{ a: 1 }])
    await committer.commit(await open.writer.prepareCommit(2))
    expect(await rowsIn(path)).toEqual([{ a: 1n }])
  })
})

test.each([
  () => inferSchema({ rows: 0 }),
  () => inferSchema({ rows: 1.5 }),
  () => inferSchema({ undecided: 'drop' as 'fail' }),
  () => inferSchema({ columns: {} }),
  () => inferSchema({ columns: { a: 'text' as 'string' } }),
  () => inferSchema({ colums: {} } as object),
])('what cannot work is refused when the job is built (%#)', (build) => {
  expect(build).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', domain: 'user' }))
})
