import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { type NumberedRow, rowOf } from './kill-rows.js'

/**
 * The numbers of the rows of an object that the job wrote, read by what did not write it.
 * @throws Error unless the object is whole and each of its rows is, to the last character, the one that was computed
 */
export async function numbersOf(key: string, bytes: Buffer): Promise<readonly number[]> {
  const rows = await rowsOf(key, bytes).catch((cause: unknown) => {
    throw new Error(`${key}, ${bytes.length} bytes, cannot be read: ${String(cause)}`)
  })
  const side = Number(/\/side=(\d)\//.exec(key)?.[1])
  for (const { n, side: found, filler } of rows) {
    const expected = rowOf(Number(n))
    const isRight = Number(found) === expected.side && side === expected.side && filler === expected.filler
    if (!isRight) throw new Error(`${key}: row ${n} is not the one that the job computes, or in the wrong folder`)
  }
  return rows.map(({ n }) => Number(n))
}

async function rowsOf(key: string, bytes: Buffer): Promise<readonly NumberedRow[]> {
  if (key.endsWith('.parquet')) {
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
    // The columns are those of the job's schema; a row that differs is found by its values.
    return (await parquetReadObjects({ file: file as ArrayBuffer })) as unknown as NumberedRow[]
  }
  const lines = await linesOf(key, bytes)
  if (!key.endsWith('.csv')) return lines.map((line) => JSON.parse(line) as NumberedRow)
  const [header, ...rows] = lines
  if (header !== 'n,side,filler') throw new Error(`it begins with '${header}', which is not the header`)
  return rows.map((line) => {
    const [n, side, filler = ''] = line.split(',')
    return { n: Number(n), side: Number(side), filler }
  })
}

async function linesOf(key: string, bytes: Buffer): Promise<readonly string[]> {
  if (key.endsWith('.zst')) return linesOfZstd(bytes)
  const text = (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  if (!text.endsWith('\n')) throw new Error('its last line has no end')
  return text.slice(0, -1).split('\n')
}

/** DuckDB takes several frames as one file. */
async function linesOfZstd(bytes: Buffer): Promise<readonly string[]> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-'))
  const path = join(folder, 'rows.zst')
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await writeFile(path, bytes)
    const columns = `columns = {'line': 'VARCHAR'}, header = false, delim = '', quote = '', escape = ''`
    const found = await connection.runAndReadAll(
      `select line from read_csv('${path}', auto_detect = false, ${columns})`,
    )
    return found.getRowObjectsJson().map(({ line }) => String(line))
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(folder, { recursive: true, force: true })
  }
}
