import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { FileSourceFormat, FileSplit } from '../../../connectors/file/index.js'
import { csv, files, jsonLines, textLines } from '../../../connectors/file/index.js'
import type { Source, Split } from '../../../core/connector.js'
import { json, jsonUnchecked } from '../../../core/decode/index.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { discover, openReader, read, readSource, temporaryFolder } from './support.js'

async function fileOf(content: string | Buffer, name = 'input'): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  return path
}

async function only(source: Source<unknown>): Promise<Split> {
  const [split] = await discover(source)
  return split!
}

const EVENTS = Array.from({ length: 500 }, (_, index) => ({ id: index, name: `größe ${'x'.repeat(index % 300)}` }))
const EVENT_LINES = EVENTS.map((event) => `${JSON.stringify(event)}\n`).join('')
const EVENT_ROWS = EVENTS.map(({ id, name }) => `${id},"${name}\n"\r\n`).join('')

interface Case {
  readonly format: FileSourceFormat<unknown>
  readonly content: string
  readonly expected: readonly unknown[]
}

const CASES: Readonly<Record<string, Case>> = {
  'JSON lines': { format: jsonLines(jsonUnchecked()), content: EVENT_LINES, expected: EVENTS },
  text: { format: textLines(), content: EVENT_LINES, expected: EVENT_LINES.split('\n').slice(0, -1) },
  CSV: {
    format: csv(),
    content: `\uFEFF id , name\n${EVENT_ROWS}`,
    expected: EVENTS.map(({ id, name }) => ({ id: String(id), name: `${name}\n` })),
  },
  'CSV without a header': {
    format: csv({ header: false, columns: ['id', 'name'] }),
    content: `\uFEFF${EVENT_ROWS}`,
    expected: EVENTS.map(({ id, name }) => ({ id: String(id), name: `${name}\n` })),
  },
}

describe.each(Object.entries(CASES))('%s', (_, { format, content, expected }) => {
  describe.each([
    ['plain', (text: string) => Buffer.from(text)],
    ['gzip, whatever the name', (text: string) => gzipSync(text)],
    [
      'gzip of several members',
      (text: string) => Buffer.concat([gzipSync(text.slice(0, 9000)), gzipSync(text.slice(9000))]),
    ],
  ])('%s', (__, pack) => {
    test('gives all records, in order', async () => {
      const source = files({ path: await fileOf(pack(content)), format })
      expect((await readSource(source)).values).toEqual(expected)
    })

    test('goes on from a position in the middle, exactly with the next record', async () => {
      const source = files({ path: await fileOf(pack(content)), format })
      const split = await only(source)
      for (const taken of [1, 7, 250, 499, 500]) {
        const first = await read(await openReader(source, split), { atLeast: taken, maxRecords: 13 })
        const stored = JSON.parse(JSON.stringify(first.position)) as FileSplit
        expect(stored).toMatchObject({ id: split.id, records: taken })
        const rest = await read(await openReader(source, stored))
        expect([...first.values, ...rest.values]).toEqual(expected)
      }
    })

    test('pushes back with a small buffer and still gives all', async () => {
      const source = files({ path: await fileOf(pack(content)), format, bufferBytes: 10 })
      expect((await readSource(source)).values).toEqual(expected)
    })
  })
})

test('a reader that is not polled stops reading ahead', async () => {
  const line = `${'x'.repeat(999)}\n`
  const path = await fileOf(line.repeat(2000))
  const source = files({ path, format: textLines(), bufferBytes: 100_000 })
  const { reader, bell } = await openReader(source, await only(source))
  await bell.wait()
  // 2,000,000 bytes are there; each chunk of 65,536 rings once.
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(bell.count).toBeLessThanOrEqual(2)
  expect(reader.finished).toBe(false)
  expect((await read({ reader, bell })).values).toHaveLength(2000)
})

test('the values have the type that the schema puts out', async () => {
  const source = files({
    path: await fileOf('id,at\n1,2013-01-01\n'),
    format: csv({ schema: z.object({ id: z.coerce.number(), at: z.coerce.date() }) }),
  })
  expectTypeOf(source).toEqualTypeOf<Source<{ id: number; at: Date }>>()
  expect((await readSource(source)).values).toEqual([{ id: 1, at: new Date('2013-01-01') }])
  const lines = files({ path: 'x', format: jsonLines(json(z.object({ a: z.string() }))) })
  expectTypeOf(lines).toEqualTypeOf<Source<{ a: string }>>()
  const named = files({ path: 'x', format: csv({ columns: ['a', 'b'] }) })
  expectTypeOf(named).toEqualTypeOf<Source<{ readonly a: string; readonly b: string }>>()
})

describe('which files', () => {
  test('a folder gives its files by name, without dot files and folders', async () => {
    const folder = await temporaryFolder()
    for (const name of ['b', 'a', '.hidden']) await writeFile(join(folder, name), `${name}\n`)
    await mkdir(join(folder, 'sub'))
    const result = await readSource(files({ path: folder, format: textLines() }))
    expect(result.values).toEqual(['a', 'b'])
  })

  test('an id is the path as given, normalised; a file listed twice is read once', async () => {
    const path = await fileOf('x\n')
    const splits = await discover(files({ paths: [path, `${dirname(path)}/./input`], format: textLines() }))
    expect(splits.map(({ id }) => id)).toEqual([path])
  })

  test('what a restored job knows is not looked for, even when it is gone', async () => {
    const path = await fileOf('x\n')
    const source = files({ paths: [path, '/nowhere/read-already'], format: textLines() })
    const found = await discover(source, { known: ['/nowhere/read-already'] })
    expect(found.map(({ id }) => id)).toEqual([path])
    expect(await discover(source, { known: ['/nowhere/read-already', path] })).toEqual([])
  })

  test.each([
    ['a missing file', { path: '/nowhere/at/all' }, 'FILE_NOT_FOUND', /source 'op': \/nowhere\/at\/all does not exist/],
    ['an empty list', { paths: [] }, 'FILE_SET_EMPTY', /no file to read in an empty list/],
    ['a device', { path: '/dev/null' }, 'FILE_NOT_REGULAR', /pipes and devices/],
  ] as const)('%s is one line', async (_, where, code, message) => {
    const source = files({ ...where, format: textLines() })
    const failure = await discover(source).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code, operatorId: 'op', message: expect.stringMatching(message) })
    expect((failure as Error).message).not.toContain('\n')
  })

  test('an empty folder has nothing to read', async () => {
    const source = files({ path: await temporaryFolder(), format: textLines() })
    await expect(discover(source)).rejects.toMatchObject({ code: 'FILE_SET_EMPTY' })
  })

  test('an empty file is a split without records', async () => {
    for (const format of [textLines(), csv(), jsonLines(jsonUnchecked())] as FileSourceFormat<unknown>[]) {
      expect((await readSource(files({ path: await fileOf(''), format }))).values).toEqual([])
    }
  })

  test('a file that shrank since the job saw it is refused', async () => {
    const path = await fileOf('one\ntwo\n')
    const source = files({ path, format: textLines() })
    const split = await only(source)
    await truncate(path, 5)
    await expect(openReader(source, split)).rejects.toMatchObject({
      code: 'FILE_CHANGED',
      message: expect.stringMatching(/had 8 bytes .* has 5 now/),
    })
  })

  test('what is appended later is not read', async () => {
    const path = await fileOf('one\n')
    const source = files({ path, format: textLines() })
    const split = await only(source)
    await writeFile(path, 'one\ntwo\n')
    expect((await read(await openReader(source, split))).values).toEqual(['one'])
  })
})

describe('damaged gzip', () => {
  const packed = gzipSync(EVENT_LINES)

  test('truncated: gives what is whole, then says so', async () => {
    const path = await fileOf(packed.subarray(0, packed.length - 500), 'events.gz')
    const source = files({ path, format: jsonLines(jsonUnchecked()) })
    await expect(readSource(source)).rejects.toMatchObject({
      code: 'FILE_TRUNCATED',
      message: expect.stringContaining('events.gz ends in the middle of its gzip data'),
    })
  })

  test('flipped: says so', async () => {
    const damaged = Buffer.from(packed)
    damaged[damaged.length >> 1]! ^= 0xff
    const source = files({ path: await fileOf(damaged), format: textLines(), onMalformed: 'skip' })
    await expect(readSource(source)).rejects.toMatchObject({ code: 'FILE_CORRUPT' })
  })
})

describe('malformed records', () => {
  const badLine = Buffer.concat([Buffer.from('{"a":1}\n{"a":\n"'), Buffer.from([0xff]), Buffer.from('"\n\n{"a":2}\n')])

  test('dead letters say where, and the rest is read', async () => {
    const path = await fileOf(badLine)
    const source = files({ path, format: jsonLines(jsonUnchecked()), onMalformed: 'deadLetter' })
    const { values, rejected, position } = await readSource(source)
    expect(values).toEqual([{ a: 1 }, { a: 2 }])
    expect(rejected).toMatchObject([
      {
        operatorId: 'op',
        split: path,
        offset: '8',
        code: 'RECORD_MALFORMED',
        raw: Uint8Array.from(Buffer.from('{"a":')),
      },
      { offset: '14', message: expect.stringContaining('UTF-8'), raw: Uint8Array.of(0x22, 0xff, 0x22) },
    ])
    expect(position).toMatchObject({ records: 4, offset: badLine.length })
  })

  test('skip counts them, fail stops at the first with its place', async () => {
    const path = await fileOf(badLine)
    const format = jsonLines(jsonUnchecked())
    expect(await readSource(files({ path, format, onMalformed: 'skip' }))).toMatchObject({ skipped: 2 })
    await expect(readSource(files({ path, format }))).rejects.toMatchObject({
      code: 'RECORD_MALFORMED',
      location: `split ${path}, offset 8`,
    })
  })

  test('a record above maxRecordBytes is too large, with a part of it', async () => {
    const path = await fileOf(`ok\n${'x'.repeat(200_000)}\nok\n`)
    const source = files({ path, format: textLines(), maxRecordBytes: 50_000, onMalformed: 'deadLetter' })
    const { values, rejected } = await readSource(source)
    expect(values).toEqual(['ok', 'ok'])
    expect(rejected).toMatchObject([
      { code: 'RECORD_TOO_LARGE', offset: '3', message: expect.stringContaining('50000') },
    ])
    expect(rejected[0]!.raw.length).toBe(1024)
  })

  test.each([
    ['too few fields', 'a,b\n1\n2,3\n', /expected 2 fields, found 1/],
    ['too many fields', 'a,b\n1,2,3\n2,3\n', /expected 2 fields, found 3/],
    ['text after a closing quote', 'a,b\n"1"SECRET,2\n2,3\n', /CSV_INVALID_CLOSING_QUOTE/],
    ['a quote in the middle', 'a,b\n1"SECRET"1,2\n2,3\n', /INVALID_OPENING_QUOTE/],
    ['bad UTF-8', Buffer.from('a,b\n\xff,2\n2,3\n', 'latin1'), /UTF-8/],
  ])('a CSV row with %s is malformed, its neighbours are not', async (_, content, message) => {
    const path = await fileOf(content)
    const { values, rejected } = await readSource(files({ path, format: csv(), onMalformed: 'deadLetter' }))
    expect(values).toEqual([{ a: '2', b: '3' }])
    expect(rejected).toMatchObject([{ offset: '4', code: 'RECORD_MALFORMED', message: expect.stringMatching(message) }])
    expect(rejected[0]!.message).not.toContain('SECRET')
  })

  test('a quote that is open at the end of the file is malformed', async () => {
    const path = await fileOf('a,b\n2,3\n"1,2\n')
    const { values, rejected } = await readSource(files({ path, format: csv(), onMalformed: 'deadLetter' }))
    expect(values).toEqual([{ a: '2', b: '3' }])
    expect(rejected).toMatchObject([{ offset: '8' }])
  })
})

describe('CSV headers and options', () => {
  test.each([
    ['two columns of one name', 'a,a\n', csv(), /two columns called 'a'/],
    ['a column that would set the prototype', '__proto__,b\n', csv(), /__proto__/],
    ['a missing column', 'a,b\n1,2\n', csv({ columns: ['a', 'fare'] }), /lacks fare; it has a, b/],
  ])('a header with %s is refused, naming the file', async (_, content, format, message) => {
    const path = await fileOf(content)
    await expect(readSource(files({ path, format }))).rejects.toMatchObject({
      code: 'CSV_HEADER_INVALID',
      operatorId: 'op',
      message: expect.stringMatching(message),
      location: path,
    })
  })

  test.each([
    () => csv({ header: false }),
    () => csv({ delimiter: '' }),
    () => csv({ delimiter: '"' }),
    () => csv({ columns: ['a', 'a'] }),
    () => files({ path: '', format: csv() }),
    () => files({ path: 'x', format: csv(), maxRecordBytes: 0 }),
    () => files({ path: 'x', format: csv(), bufferBytes: Number.NaN }),
  ])('an option that cannot work is refused when the job is built (%#)', (build) => {
    expect(build).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', domain: 'user' }))
  })

  test('another delimiter', async () => {
    const path = await fileOf('a;b\n1,5;"x;y"\n')
    expect((await readSource(files({ path, format: csv({ delimiter: ';' }) }))).values).toEqual([
      { a: '1,5', b: 'x;y' },
    ])
  })
})

test('whatever the bytes, every line is a value or a dead letter, also over a restart (property)', async () => {
  const folder = await temporaryFolder()
  let runs = 0
  // A dead letter has the time.
  const environment = { ...systemEnvironment(), clock: { now: () => 0, monotonic: () => 0 } }
  const line = fc.oneof(fc.json({ maxDepth: 1 }), fc.string({ maxLength: 20 }), fc.constant('\u0000'))
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 20 }), fc.nat({ max: 20 }), async (lines, cut) => {
      const path = join(folder, `f${runs++}`)
      const content = lines.map((text) => text.replaceAll('\n', ' ')).join('\n')
      await writeFile(path, content)
      const source = files({ path, format: jsonLines(jsonUnchecked()), onMalformed: 'deadLetter' })
      const split = await only(source)
      const whole = await read(await openReader(source, split, { environment }))
      const first = await read(await openReader(source, split, { environment }), { atLeast: cut })
      const rest = await read(await openReader(source, first.position, { environment }))
      expect([...first.values, ...rest.values]).toEqual(whole.values)
      expect([...first.rejected, ...rest.rejected]).toEqual(whole.rejected)
      const records = content.split('\n').filter((text) => !/^[ \t\r\v\f]*$/.test(text))
      expect(whole.values.length + whole.rejected.length).toBe(records.length)
    }),
    { numRuns: 60 },
  )
})
