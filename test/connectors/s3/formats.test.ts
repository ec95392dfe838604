import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { describe, expect, test } from 'vitest'
import { csv, jsonLines, rawLines } from '../../../connectors/file/index.js'
import { type ParquetCompression, parquetFormat } from '../../../connectors/parquet/index.js'
import { s3Sink } from '../../../connectors/s3/index.js'
import { committerOf, openWriter, temporaryFolder, writeAll } from '../file/support.js'
import { BUCKET, dataKeys, hurried, lineSink, startBucket, textAt } from './fixture.js'
import { PLACES, type Place } from './places.js'

const ROWS = Array.from({ length: 20_000 }, (_, n) => ({ n, text: `row ${n} ${'x'.repeat(n % 50)}` }))

/** Over three checkpoints, as one file. */
async function writeOver(place: Place, compression: 'gzip' | 'zstd'): Promise<string> {
  const sink = place.sink({ compression, rollOnCheckpoint: false, maxRows: ROWS.length })
  const open = await openWriter(sink, hurried())
  const committer = await committerOf(sink, hurried())
  for (const [index, id] of [1, 2, 3, 4].entries()) {
    await writeAll(open, ROWS.slice(index * 5000, index * 5000 + 5000))
    await committer.commit(await open.writer.prepareCommit(id))
  }
  await open.writer.close()
  await committer.close?.()
  const [path, ...others] = await place.paths()
  expect(others).toEqual([])
  return path!
}

async function duckdb(query: string): Promise<readonly Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(query)).getRowObjectsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

describe.each(PLACES)('compressed files, in %s', (_, open) => {
  test('gzip: members one after the other are one file', async () => {
    const place = await open()
    const path = await writeOver(place, 'gzip')
    expect(path).toMatch(/\.jsonl\.gz$/)
    const text = gunzipSync(await place.read(path)).toString()
    expect(text).toBe(ROWS.map((row) => `${JSON.stringify(row)}\n`).join(''))
  })

  test('zstd: so are frames, as another reader of the format says', async () => {
    const place = await open()
    const path = await writeOver(place, 'zstd')
    expect(path).toMatch(/\.jsonl\.zst$/)
    const copy = join(await temporaryFolder(), 'rows.jsonl.zst')
    await writeFile(copy, await place.read(path))
    const found = await duckdb(`select count(*)::int as rows, sum(n)::int as total from read_json_auto('${copy}')`)
    expect(found).toEqual([{ rows: ROWS.length, total: (ROWS.length * (ROWS.length - 1)) / 2 }])
  })
})

describe('Parquet', () => {
  test.each<ParquetCompression>(['snappy', 'zstd', 'gzip', 'uncompressed'])(
    'with %s, read by DuckDB',
    async (compression) => {
      const s3 = await startBucket()
      const format = parquetFormat({ schema: { n: 'int64', text: 'string' }, compression, rowGroupSize: 3000 })
      const sink = s3Sink({
        to: `s3://${BUCKET}/trips`,
        format,
        prefix: 'part=!{partitionKeyFromQuery:half}',
        partitionKeys: { half: ({ n }) => (n as number) % 2 },
        endpoint: s3.endpoint,
        region: s3.region,
        clientConfig: { credentials: s3.credentials },
      })
      const open = await openWriter(sink, hurried())
      await writeAll(open, ROWS)
      const committer = await committerOf(sink, hurried())
      await committer.commit(await open.writer.prepareCommit(1))
      const folder = await temporaryFolder()
      const keys = dataKeys(s3)
      expect(keys.map((key) => key.split('/')[1])).toEqual(['part=0', 'part=1'])
      for (const [index, key] of keys.entries())
        await writeFile(join(folder, `${index}.parquet`), s3.read(BUCKET, key)!)
      const query = `select count(*)::int as rows, sum(n)::int as total, max(text) as last from '${folder}/*.parquet'`
      const last = ROWS.map(({ text }) => text)
        .sort()
        .at(-1)
      expect(await duckdb(query)).toEqual([{ rows: ROWS.length, total: (ROWS.length * (ROWS.length - 1)) / 2, last }])
      await committer.close?.()
    },
  )
})

test.each([
  ['text and bytes as they are', rawLines(), ['a', Buffer.from('b'), 'ü'], 'a\nb\nü\n', '.txt'],
  ['raw rows that bring their ends', rawLines({ delimiter: '', extension: '.log' }), ['a;', 'b;'], 'a;b;', '.log'],
  ['CSV', csv({ columns: ['n', 'text'] }), [{ n: 1, text: 'a,b' }], 'n,text\n1,"a,b"\n', '.csv'],
  ['JSON lines', jsonLines(), [{ n: 1 }, null], '{"n":1}\nnull\n', '.jsonl'],
])('%s', async (_, format, rows, text, extension) => {
  const s3 = await startBucket()
  const sink = lineSink<never>(s3, { format })
  const open = await openWriter(sink, hurried())
  // The rows are those of the format beside them.
  await writeAll(open, rows as never[])
  const committer = await committerOf(sink, hurried())
  await committer.commit(await open.writer.prepareCommit(1))
  const [key] = dataKeys(s3)
  expect(key).toMatch(new RegExp(`\\${extension}$`))
  expect(textAt(s3, key!)).toBe(text)
  await committer.close?.()
})

test('a raw line that is neither text nor bytes is refused', async () => {
  const s3 = await startBucket()
  const open = await openWriter(lineSink<unknown>(s3, { format: rawLines() as never }), hurried())
  await expect(writeAll(open, [{ a: 1 }])).rejects.toMatchObject({ code: 'ROW_INVALID' })
})

describe('memory', () => {
  test('fifty open folders take no more than is given to them', async () => {
    const s3 = await startBucket()
    const bufferBytes = 20 * 1024 * 1024
    const partitionKeys = { k: (row: unknown) => (row as { readonly n: number }).n % 50 }
    const sink = lineSink(s3, { bufferBytes, prefix: 'k=!{partitionKeyFromQuery:k}', partitionKeys })
    const gauges = new Map<string, () => number | undefined>()
    const open = await openWriter(sink, { ...hurried(), gauges })
    const held = (): number => gauges.get('bufferedBytes')?.() ?? Number.NaN
    const text = 'y'.repeat(2000)
    let refusals = 0
    let most = 0
    for (let round = 0; round < 16; round++) {
      refusals += await writeAll(
        open,
        Array.from({ length: 1000 }, (_, n) => ({ n: round * 1000 + n, text })),
      )
      most = Math.max(most, held())
    }
    expect(refusals).toBeGreaterThan(0)
    expect(most).toBeGreaterThan(bufferBytes / 4)
    // But for a row that is one too many.
    expect(most).toBeLessThan(bufferBytes + 3000)
    const committer = await committerOf(sink, hurried())
    await committer.commit(await open.writer.prepareCommit(1))
    expect(held()).toBe(0)
    expect(dataKeys(s3).length).toBeGreaterThan(50)
    const lines = dataKeys(s3).flatMap((key) => textAt(s3, key).split('\n').slice(0, -1))
    expect(new Set(lines.map((line) => (JSON.parse(line) as { readonly n: number }).n)).size).toBe(16_000)
    expect(lines).toHaveLength(16_000)
    await committer.close?.()
  })
})

test.each([
  { to: 'lake/x' },
  { to: 's3://lake//x' },
  { to: 's3://lake/!{timestamp:yyyy}' },
  { partBytes: 1024 },
  { bufferBytes: 1024 * 1024 },
  { compression: 'lz4' },
  { encryption: { kind: 'SSE-S3', keyId: 'x' } },
  { storageClass: 'cold one' },
  { errorPrefix: 'errors/', onRejected: 'fail' },
  { errorPrefix: '!{partitionKeyFromQuery:x}' },
  { maxOpenFiles: 0 },
  { maxAge: 5 },
  { format: {} },
  { format: parquetFormat({ schema: { n: 'int64' } }), compression: 'gzip' },
  { successMarker: true },
])('an option that cannot work is refused when the job is built (%#)', async (options) => {
  const build = () => s3Sink({ to: 's3://lake/x', format: jsonLines(), region: 'eu-west-1', ...options } as never)
  expect(build).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', domain: 'user' }))
})
