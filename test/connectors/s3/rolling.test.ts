import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { csv, rawLines } from '../../../connectors/file/index.js'
import { committerOf, openWriter, temporaryFolder, writeAll } from '../file/support.js'
import { hurried } from './fixture.js'
import { linesOf, numbersOf, PLACES } from './places.js'

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
/** A line of 100 bytes, as JSON. */
const row = (n: number) => ({ n: 100 + n, text: 'x'.repeat(80) })

describe.each(PLACES)('files end, in %s', (_, open) => {
  test.each([
    ['by rows', { maxRows: 100 }, [100, 100, 50]],
    ['by bytes', { maxBytes: 9901 }, [100, 100, 50]],
    ['by bytes before compression', { maxBytes: 9901, compression: 'gzip' as const }, [100, 100, 50]],
  ])('%s', async (_what, limit, expected) => {
    const place = await open()
    const sink = place.sink(limit)
    const writer = await openWriter(sink, hurried())
    await writeAll(writer, upTo(250).map(row))
    const committables = await writer.writer.prepareCommit(1)
    expect(await place.paths()).toEqual([])
    const committer = await committerOf(sink, hurried())
    await committer.commit(structuredClone(committables))
    await committer.close?.()
    const sizes = committables.flatMap((one) => {
      const { rows } = one as { readonly rows?: number }
      return rows === undefined ? [] : [rows]
    })
    expect(sizes).toEqual(expected)
    expect(await place.paths()).toHaveLength(expected.length)
    if (!('compression' in limit)) expect(await numbersOf(place)).toEqual(upTo(250).map((n) => 100 + n))
  })

  test('with each checkpoint, and one without rows makes none', async () => {
    const place = await open()
    const sink = place.sink()
    const writer = await openWriter(sink, hurried())
    const committer = await committerOf(sink, hurried())
    for (const [id, rows] of [3, 0, 2].entries()) {
      await writeAll(writer, upTo(rows).map(row))
      await committer.commit(structuredClone(await writer.writer.prepareCommit(id + 1)))
    }
    await committer.close?.()
    expect(await place.paths()).toHaveLength(2)
    expect(await linesOf(place)).toHaveLength(5)
  })

  test.each(['gzip', 'zstd'] as const)('CSV and raw lines in %s', async (compression) => {
    for (const [format, rows, text, extension] of [
      [
        csv(),
        upTo(3000).map(row),
        `n,text\n${upTo(3000)
          .map((n) => `${100 + n},${'x'.repeat(80)}\n`)
          .join('')}`,
        'csv',
      ],
      [
        rawLines(),
        upTo(3000).map((n) => `line ${n}`),
        upTo(3000)
          .map((n) => `line ${n}\n`)
          .join(''),
        'txt',
      ],
    ] as const) {
      const place = await open()
      // Rows are those of the format beside them.
      const sink = place.sink({ format: format as never, compression })
      const writer = await openWriter(sink, hurried())
      await writeAll(writer, rows)
      const committer = await committerOf(sink, hurried())
      await committer.commit(structuredClone(await writer.writer.prepareCommit(1)))
      await committer.close?.()
      const [path = ''] = await place.paths()
      expect(path.endsWith(`.${extension}.${compression === 'gzip' ? 'gz' : 'zst'}`)).toBe(true)
      const bytes = await place.read(path)
      if (compression === 'gzip') expect(gunzipSync(bytes).toString()).toBe(text)
      else expect(await linesByDuckdb(bytes)).toEqual(text.trimEnd().split('\n'))
    }
  })
})

/** Another reader of zstd than the library that wrote it. */
async function linesByDuckdb(bytes: Uint8Array): Promise<unknown[]> {
  const path = join(await temporaryFolder(), 'rows.txt.zst')
  await writeFile(path, bytes)
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const columns = `columns = {'line': 'VARCHAR'}, header = false, delim = '', quote = '', escape = ''`
    const found = await connection.runAndReadAll(
      `select line from read_csv('${path}', auto_detect = false, ${columns})`,
    )
    return found.getRowObjectsJson().map(({ line }) => line)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
