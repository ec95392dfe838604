import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type InferSchemaOptions,
  inferSchema,
  type ParquetSchema,
  parquetSink,
} from '../../../connectors/parquet/index.js'
import type { Sink } from '../../../core/connector.js'
import { committerOf, openWriter, temporaryFolder, writeAll } from '../file/support.js'

/** Inferred columns are always so. */
export const nullable = <const C extends object>(column: C): C & { readonly nullable: true } => ({
  ...column,
  nullable: true,
})
export const int64 = nullable({ type: 'int64' } as const)
export const double = nullable({ type: 'double' } as const)
export const string = nullable({ type: 'string' } as const)

/** Some rows of these tests are none, on purpose. */
export function inferringSink(path: string, options: InferSchemaOptions = {}, others: object = {}): Sink<unknown> {
  return parquetSink({ path, schema: inferSchema(options), ...others }) as Sink<unknown>
}

/** Writes and commits all rows with one checkpoint; returns the folder. */
export async function inferred(
  rows: readonly unknown[],
  options: InferSchemaOptions = {},
  others: object = {},
): Promise<string> {
  const path = await temporaryFolder()
  const sink = inferringSink(path, options, others)
  const open = await openWriter(sink)
  await writeAll(open, rows)
  const committer = await committerOf(sink)
  await committer.commit(await open.writer.prepareCommit(1))
  await open.writer.close()
  return path
}

export async function schemaAt(path: string): Promise<ParquetSchema> {
  return JSON.parse(await readFile(join(path, '.staging/op/schema.json'), 'utf8')).schema
}
