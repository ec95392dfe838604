import { messageOf, TidemarkError } from '../../../core/errors.js'
import type { ExportedRow } from './exported-row.js'

const ROWS_A_GROUP = 20_000

type Column = readonly [
  name: string,
  type: 'BYTE_ARRAY' | 'INT32' | 'DOUBLE',
  of: (row: ExportedRow) => string | number | null,
]

const text = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value))
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)

/** What is no number or name is JSON, by the same conventions as in JSON lines. */
const COLUMNS: readonly Column[] = [
  ['operator', 'BYTE_ARRAY', (row) => row.operator],
  ['state', 'BYTE_ARRAY', (row) => row.state],
  ['kind', 'BYTE_ARRAY', (row) => row.kind],
  ['key', 'BYTE_ARRAY', (row) => text(row.key)],
  ['map_key', 'BYTE_ARRAY', (row) => text(row.mapKey)],
  ['window_start', 'DOUBLE', (row) => number(row.window?.start)],
  ['window_end', 'DOUBLE', (row) => number(row.window?.end)],
  ['timer_domain', 'BYTE_ARRAY', (row) => row.timer?.domain ?? null],
  ['timer_timestamp', 'DOUBLE', (row) => number(row.timer?.timestamp)],
  ['value', 'BYTE_ARRAY', (row) => text(row.value)],
  ['last_access', 'BYTE_ARRAY', (row) => text(row.lastAccess)],
  ['trigger', 'BYTE_ARRAY', (row) => text(row.trigger)],
  ['key_group', 'INT32', (row) => row.keyGroup],
]

/** The rows as the pieces of a Parquet file. */
export async function* parquetRows(rows: AsyncGenerator<ExportedRow>): AsyncGenerator<Uint8Array, void, undefined> {
  const { ByteWriter, ParquetWriter } = await load()
  const bytes = new ByteWriter()
  const writer = new ParquetWriter({
    writer: bytes,
    codec: 'SNAPPY',
    createdBy: 'tidemark',
    schema: [
      { name: 'root', num_children: COLUMNS.length },
      ...COLUMNS.map(([name, type]) => ({
        name,
        type,
        ...(type === 'BYTE_ARRAY' ? { converted_type: 'UTF8' as const } : {}),
        repetition_type: 'OPTIONAL' as const,
      })),
    ],
  })
  // What was written since the last time; the writer's offsets go on counting.
  const drain = (): Uint8Array => {
    const piece = bytes.getBytes().slice()
    bytes.index = 0
    return piece
  }
  let group: ExportedRow[] = []
  const flush = (): void => {
    if (group.length === 0) return
    const columnData = COLUMNS.map(([name, , of]) => ({ name, data: group.map(of) }))
    writer.write({ columnData, rowGroupSize: group.length })
    group = []
  }
  for await (const row of rows) {
    group.push(row)
    if (group.length < ROWS_A_GROUP) continue
    flush()
    yield drain()
  }
  flush()
  writer.finish()
  yield drain()
}

async function load(): Promise<typeof import('hyparquet-writer')> {
  try {
    return await import('hyparquet-writer')
  } catch (thrown) {
    throw new TidemarkError({
      code: 'DEPENDENCY_MISSING',
      domain: 'user',
      message: `--format parquet needs the package hyparquet-writer (${messageOf(thrown)}): npm i hyparquet-writer`,
      cause: thrown,
    })
  }
}
