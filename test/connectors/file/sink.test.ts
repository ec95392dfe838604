import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { csv, type FileSinkFormat, fileSink, files, jsonLines } from '../../../connectors/file/index.js'
import type { Sink } from '../../../core/connector.js'
import { jsonUnchecked } from '../../../core/decode/index.js'
import { committerOf, linesOf, openWriter, readSource, temporaryFolder, visible, writeAll } from './support.js'

const rows = (count: number, from = 0): { id: number; name: string }[] =>
  Array.from({ length: count }, (_, index) => ({ id: from + index, name: `größe ${from + index}` }))

test('names carry lineage, generation, checkpoint, subtask and number, and end in the format', async () => {
  const path = await temporaryFolder()
  for (const [format, compression, extension] of [
    [jsonLines(), undefined, '.jsonl'],
    [jsonLines(), 'gzip', '.jsonl.gz'],
    [csv(), undefined, '.csv'],
    [csv(), 'gzip', '.csv.gz'],
  ] as const) {
    const sink = fileSink({ path, format, ...(compression && { compression }) })
    const open = await openWriter(sink, { lineage: 'x7', generation: 3, index: 2, parallelism: 4 })
    await writeAll(open, rows(2))
    const committables = await open.writer.prepareCommit(12)
    await (await committerOf(sink)).commit(committables)
    expect(await visible(path)).toContain(`part-x7-3-12-2-0${extension}`)
    await open.writer.close()
  }
})

test('nothing is visible before the commit, and it is whole after it', async () => {
  const path = await temporaryFolder()
  const sink = fileSink({ path, format: jsonLines() })
  const open = await openWriter(sink)
  await writeAll(open, rows(20_000))
  expect(await visible(path)).toEqual([])
  const committables = await open.writer.prepareCommit(1)
  await writeAll(open, rows(5, 20_000))
  expect(await visible(path)).toEqual([])
  await (await committerOf(sink)).commit(committables)
  expect((await linesOf(path)).map((line) => JSON.parse(line))).toEqual(rows(20_000))
  expect(committables).toEqual([
    expect.objectContaining({ rows: 20_000, bytes: expect.any(Number), crc32: expect.any(Number) }),
  ])
  await (await committerOf(sink)).commit(await open.writer.prepareCommit(2))
  expect((await readSource(files({ path, format: jsonLines(jsonUnchecked()) }))).values).toEqual(rows(20_005))
  await open.writer.close()
  expect(await readdir(join(path, '.staging', 'op'))).toEqual([])
})

test('a checkpoint without rows makes no file', async () => {
  const path = await temporaryFolder()
  const { writer } = await openWriter(fileSink({ path, format: jsonLines() }))
  expect(await writer.prepareCommit(1)).toEqual([])
  await writer.close()
  expect(await visible(path)).toEqual([])
})

test('rows that follow a barrier belong to the next checkpoint, even before the first one is prepared', async () => {
  const path = await temporaryFolder()
  const sink = fileSink({ path, format: jsonLines() })
  const open = await openWriter(sink)
  await writeAll(open, rows(3))
  const first = open.writer.prepareCommit(1)
  await writeAll(open, rows(3, 3))
  const second = open.writer.prepareCommit(2)
  await (await committerOf(sink)).commit(await first)
  expect(await linesOf(path)).toHaveLength(3)
  await (await committerOf(sink)).commit(await second)
  expect((await linesOf(path)).map((line) => JSON.parse(line))).toEqual(rows(6))
  await open.writer.close()
})

test('a full buffer pushes back and wakes, and loses nothing', async () => {
  const path = await temporaryFolder()
  const sink = fileSink({ path, format: jsonLines(), bufferBytes: 1000 })
  const open = await openWriter(sink)
  expect(await writeAll(open, rows(20_000))).toBeGreaterThan(2)
  await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
  expect((await linesOf(path)).map((line) => JSON.parse(line))).toEqual(rows(20_000))
  await open.writer.close()
})

test('files roll by rows and by bytes', async () => {
  for (const limit of [{ maxRows: 100 }, { maxBytes: 3000 }]) {
    const path = await temporaryFolder()
    const sink = fileSink({ path, format: jsonLines(), ...limit })
    const open = await openWriter(sink)
    await writeAll(open, rows(250))
    const committables = await open.writer.prepareCommit(1)
    await (await committerOf(sink)).commit(committables)
    expect(await visible(path)).toEqual(['part-a1-1-1-0-0.jsonl', 'part-a1-1-1-0-1.jsonl', 'part-a1-1-1-0-2.jsonl'])
    expect((await linesOf(path)).map((line) => JSON.parse(line))).toEqual(rows(250))
    await open.writer.close()
  }
})

test('gzip is one sound member, and its checksum that of the file', async () => {
  const path = await temporaryFolder()
  const sink = fileSink({ path, format: jsonLines(), compression: 'gzip' })
  const open = await openWriter(sink)
  await writeAll(open, rows(30_000))
  const committables = await open.writer.prepareCommit(1)
  await (await committerOf(sink)).commit(committables)
  await (await committerOf(sink)).commit(committables)
  const packed = await readFile(join(path, 'part-a1-1-1-0-0.jsonl.gz'))
  expect(
    gunzipSync(packed)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(rows(30_000))
  await open.writer.close()
})

describe('rows that have no form in the format', () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic

  test.each([
    ['undefined in JSON', jsonLines(), [1, undefined], /no JSON form/],
    ['a bigint in JSON', jsonLines(), [1, 1n], /no JSON form/],
    ['a cycle in JSON', jsonLines(), [1, cyclic], /no JSON form/],
    ['an object in a CSV field', csv(), [{ a: 1 }, { a: {} }], /column 'a': expected a string/],
    ['a property without a CSV column', csv(), [{ a: 1 }, { a: 1, b: 2 }], /'b', which is not among the columns a/],
    ['no object in CSV', csv(), [{ a: 1 }, 'text'], /a CSV row is an object/],
  ] as const)('%s: an error names sink and row', async (_, format, input, message) => {
    const path = await temporaryFolder()
    // The wrong rows are the point.
    const sink = fileSink({ path, format: format as FileSinkFormat<unknown> })
    const open = await openWriter(sink)
    await expect(writeAll(open, input)).rejects.toMatchObject({
      code: 'ROW_INVALID',
      operatorId: 'op',
      location: 'row 1 of subtask 0',
      message: expect.stringMatching(message),
    })
    await open.writer.close()
  })
})

test('what CSV writes, CSV reads (property)', async () => {
  const folder = await temporaryFolder()
  let runs = 0
  const field = fc.string({
    unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r', ' ', 'ü', ']', '^', '\\'),
    maxLength: 6,
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ left: field, right: field }), { minLength: 1, maxLength: 20 }),
      fc.constantFrom(',', ';', '\t', '^', ']', '\\', '|'),
      async (input, delimiter) => {
        const path = join(folder, String(runs++))
        const sink = fileSink({ path, format: csv({ delimiter }) })
        const open = await openWriter(sink)
        await writeAll(open, input)
        await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
        await open.writer.close()
        expect((await readSource(files({ path, format: csv({ delimiter }) }))).values).toEqual(input)
      },
    ),
    { numRuns: 50 },
  )
})

test('CSV: numbers, nothing, and a row of nothing', async () => {
  const path = await temporaryFolder()
  const sink = fileSink({ path, format: csv({ columns: ['b', 'a'] }) })
  const open = await openWriter(sink)
  await writeAll(open, [{ a: 1.5, b: 10n }, { a: null, b: true }, {}])
  await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
  await open.writer.close()
  expect(await linesOf(path)).toEqual(['b,a', '10,1.5', 'true,', ','])
})

test('the kinds of rows that a format takes are in its type', () => {
  expectTypeOf(fileSink({ path: 'x', format: jsonLines() })).toExtend<Sink<{ a: number }>>()
  expectTypeOf(fileSink({ path: 'x', format: csv() })).toExtend<Sink<{ a: number }>>()
  expectTypeOf(fileSink({ path: 'x', format: csv() })).not.toExtend<Sink<string>>()
})

test.each([{ path: '' }, { maxRows: 0 }, { maxBytes: -1 }, { bufferBytes: Number.NaN }])(
  'an option that cannot work is refused when the job is built: %o',
  (option) => {
    expect(() => fileSink({ path: 'x', format: jsonLines(), ...option })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  },
)

describe('the folder', () => {
  test('a path that is a file is refused in words', async () => {
    const path = join(await temporaryFolder(), 'file')
    await writeFile(path, '')
    await expect(openWriter(fileSink({ path, format: jsonLines() }))).rejects.toMatchObject({ domain: 'connector' })
  })

  test('one that holds the output of another sink is refused', async () => {
    const path = await temporaryFolder()
    const sink = fileSink({ path, format: jsonLines() })
    await (await openWriter(sink, { operatorId: 'first' })).writer.close()
    await expect(openWriter(sink, { operatorId: 'second' })).rejects.toMatchObject({
      code: 'OUTPUT_TAKEN',
      message: expect.stringContaining("the output of sink 'first'"),
    })
  })

  test('an operator id cannot lead out of the staging folder', async () => {
    const path = join(await temporaryFolder(), 'out')
    const sink = fileSink({ path, format: jsonLines() })
    await (await openWriter(sink, { operatorId: '../..' })).writer.close()
    expect(await readdir(join(path, '.staging'))).toEqual(['%2E%2E%2F%2E%2E'])
  })

  test('several subtasks make it together', async () => {
    const path = join(await temporaryFolder(), 'deep', 'er')
    const sink = fileSink({ path, format: jsonLines(), staging: join(path, '..', '.unfinished') })
    const opened = await Promise.all([0, 1, 2, 3].map((index) => openWriter(sink, { index, parallelism: 4 })))
    for (const { writer } of opened) await writer.close()
    expect((await readdir(path)).sort()).toEqual(['.tidemark'])
    expect((await readdir(join(path, '..', '.unfinished'))).sort()).toEqual(['.tidemark', 'op'])
  })
})

test('a disk that fails is an error of the next call, with the path', async () => {
  const path = await temporaryFolder()
  const open = await openWriter(fileSink({ path, format: jsonLines(), bufferBytes: 100 }))
  await rm(join(path, '.staging'), { recursive: true })
  await expect(writeAll(open, rows(20_000))).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
    message: expect.stringContaining('.staging'),
  })
  await expect(open.writer.prepareCommit(1)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  await open.writer.close()
})

test('writing does not hold the event loop', async () => {
  const path = await temporaryFolder()
  const open = await openWriter(fileSink({ path, format: jsonLines() }))
  // Processor time, not the clock's: what other processes take of the machine holds nothing here.
  const used = (): number => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  const holds: number[] = []
  let last = used()
  let watching = true
  const watch = (): void => {
    const now = used()
    holds.push(now - last)
    last = now
    if (watching) setImmediate(watch)
  }
  setImmediate(watch)
  for (let from = 0; from < 100_000; from += 512) {
    await writeAll(open, rows(512, from))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await open.writer.prepareCommit(1)
  watching = false
  await open.writer.close()
  holds.sort((left, right) => left - right)
  // Garbage is collected in it: a hundredth of the turns may be longer.
  expect(holds[Math.floor(holds.length * 0.99)]!).toBeLessThan(50)
})
