import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { tableFromIPC } from 'apache-arrow'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { readParquet } from 'parquet-wasm/node'
import type { ParquetColumn, ParquetSchema } from '../../../connectors/parquet/index.js'
import { visible } from '../file/support.js'

export type Rows = readonly Readonly<Record<string, unknown>>[]

let connection: ReturnType<typeof connect> | undefined

async function connect() {
  return (await DuckDBInstance.create(':memory:')).connect()
}

/** One for all queries of a file of tests: to start one costs more than most of them. */
async function read(sql: string) {
  connection ??= connect()
  return (await connection).runAndReadAll(sql)
}

export async function duckdb(sql: string): Promise<Rows> {
  return (await read(sql)).getRowObjectsJS()
}

/** Text for what JSON has no type for. */
export async function duckdbJson(sql: string): Promise<Rows> {
  return (await read(sql)).getRowObjectsJson()
}

/** The Rust implementation, which shares nothing with the writer. */
export async function rustRows(path: string): Promise<Rows> {
  const rows: Readonly<Record<string, unknown>>[] = []
  for (const name of await visible(path)) {
    const table = tableFromIPC(readParquet(await readFile(join(path, name))).intoIPCStream())
    rows.push(...table.toArray().map((row) => row?.toJSON() as Record<string, unknown>))
  }
  return rows
}

/** In the order of the files' names, and of the rows in each. */
export async function rowsIn(path: string): Promise<Rows> {
  const rows: Readonly<Record<string, unknown>>[] = []
  for (const name of await visible(path)) {
    rows.push(...(await parquetReadObjects({ file: await asyncBufferFromFile(join(path, name)) })))
  }
  return rows
}

/** A row as every reader gives it, and as it was written, in one form. */
export function canonicalRow(row: Readonly<Record<string, unknown>>, schema: ParquetSchema): unknown {
  return Object.fromEntries(Object.entries(schema).map(([name, column]) => [name, canonical(row[name], column)]))
}

function canonical(value: unknown, column: ParquetColumn): unknown {
  if (value === null || value === undefined) return null
  const declared = typeof column === 'string' ? { type: column } : column
  switch (declared.type) {
    case 'list':
      return [...(value as Iterable<unknown>)].map((one) => canonical(one, declared.of))
    case 'struct':
      return canonicalRow(value as Readonly<Record<string, unknown>>, declared.fields)
    case 'map':
      return entriesOf(value)
        .map(([key, one]) => [canonical(key, declared.keys), canonical(one, declared.values)])
        .sort()
    case 'binary':
      return Buffer.from(value as Uint8Array).toString('hex')
    case 'timestamp-ms':
      return Number(value)
    case 'double':
      return Object.is(value, -0) ? '-0' : String(value)
    default:
      return String(value)
  }
}

/** A Map, what Arrow has for one, DuckDB's list of entries, or an object. */
function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(value)) return value.map(({ key, value: one }) => [key, one] as const)
  const isIterable = typeof (value as Iterable<unknown>)[Symbol.iterator] === 'function'
  return isIterable ? [...(value as Iterable<readonly [unknown, unknown]>)] : Object.entries(value as object)
}
