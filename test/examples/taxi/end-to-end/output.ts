import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { ResultRows } from '../../../golden/taxi/compare.js'

export type Format = 'jsonl' | 'parquet'

const RESULTS = ['pickup_count', 'trip_duration'] as const
type Result = (typeof RESULTS)[number]

/** Both results, read by what shares nothing with Tidemark: every file that is visible, whole. */
export async function outputOf(out: string, format: Format): Promise<ResultRows> {
  const read = format === 'jsonl' ? jsonLinesOf : parquetOf
  return { pickupCounts: await read(out, 'pickup_count'), tripDurations: await read(out, 'trip_duration') }
}

/** Visible files of both results, as paths below `out`. */
export async function visibleFiles(out: string): Promise<string[]> {
  const files: string[] = []
  for (const result of RESULTS) {
    for (const name of await namesOf(join(out, result))) if (!name.startsWith('.')) files.push(`${result}/${name}`)
  }
  return files.sort()
}

/** Files that are neither finished nor removed. */
export async function unfinishedFiles(out: string): Promise<string[]> {
  const found = await readdir(join(out, '.staging'), { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile() && entry.name !== '.tidemark').map(({ name }) => name)
}

async function namesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw thrown
  }
}

async function jsonLinesOf(out: string, result: Result): Promise<object[]> {
  const rows: object[] = []
  for (const file of await visibleOf(out, { result, ending: '.jsonl' })) {
    const text = await readFile(file, 'utf8')
    if (!text.endsWith('\n')) throw new Error(`${file} is visible and not whole`)
    for (const line of text.slice(0, -1).split('\n')) rows.push(JSON.parse(line) as object)
  }
  return rows
}

async function parquetOf(out: string, result: Result): Promise<object[]> {
  if ((await visibleOf(out, { result, ending: '.parquet' })).length === 0) return []
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const found = await connection.runAndReadAll(
      `select * replace (epoch_ms("timestamp") as "timestamp") from '${join(out, result)}/*.parquet'`,
    )
    return found
      .getRowObjectsJS()
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
        ),
      )
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** A file with another ending is none of ours, and would be in no reader's pattern. */
async function visibleOf(out: string, { result, ending }: { result: Result; ending: string }): Promise<string[]> {
  const names = (await namesOf(join(out, result))).filter((name) => !name.startsWith('.'))
  for (const name of names) if (!name.endsWith(ending)) throw new Error(`${result}/${name} does not end in ${ending}`)
  return names.sort().map((name) => join(out, result, name))
}
