import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { messageOf, TidemarkError } from '../../../core/errors.js'
import { readSavepoint, type SavepointReader } from '../../savepoint/read-savepoint.js'
import type { CliIo } from '../program.js'
import { type ExportedRow, exportedRow } from './exported-row.js'
import { parquetRows } from './parquet-rows.js'
import { counting, type PlaceFlags, withPlace } from './place.js'
import { byteProgress } from './progress.js'

export interface ExportOptions extends PlaceFlags {
  readonly operator: string
  readonly state?: string
  readonly format: 'jsonl' | 'parquet'
  readonly out?: string
}

/** Writes the keyed state of an operator, row by row: what is held is an object of the savepoint, and a buffer. */
export async function savepointExport(location: string, options: ExportOptions, io: CliIo): Promise<void> {
  const { operator, state, format, out } = options
  if (format === 'parquet' && out === undefined) {
    throw new TidemarkError({
      code: 'OPTION_INVALID',
      domain: 'user',
      message: '--format parquet needs --out FILE: it is nothing for a terminal',
    })
  }
  await withPlace(location, options, async (store) => {
    const whole = await readSavepoint(store)
    const progress = byteProgress(io, 'exporting', whole.operators().find(({ id }) => id === operator)?.bytes ?? 0)
    const reader = await readSavepoint(counting(store, progress.add))
    const rows = rowsOf(reader, operator, state)
    const pieces = format === 'parquet' ? parquetRows(rows) : lines(rows)
    // What is refused is refused before a file is made.
    const first = await pieces.next()
    const write = out === undefined ? async (piece: Uint8Array) => io.out(Buffer.from(piece).toString()) : undefined
    if (write) {
      for (let piece = first; piece.done !== true; piece = await pieces.next()) await write(piece.value)
    } else await toFile(out as string, first, pieces)
    progress.end()
  })
}

async function* rowsOf(
  reader: SavepointReader,
  operator: string,
  state: string | undefined,
): AsyncGenerator<ExportedRow> {
  for await (const entry of reader.keyedState(operator, state)) yield exportedRow(operator, entry)
}

/** Lines are handed on in pieces of about this size. */
const PIECE_CHARACTERS = 64 * 1024

async function* lines(rows: AsyncGenerator<ExportedRow>): AsyncGenerator<Uint8Array, void, undefined> {
  let text = ''
  for await (const row of rows) {
    text += `${JSON.stringify(row)}\n`
    if (text.length < PIECE_CHARACTERS) continue
    yield Buffer.from(text)
    text = ''
  }
  yield Buffer.from(text)
}

/** Never over a file that is there. */
async function toFile(
  path: string,
  first: IteratorResult<Uint8Array, void>,
  pieces: AsyncGenerator<Uint8Array, void, undefined>,
): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx' })
  try {
    await once(file, 'open')
    for (let piece = first; piece.done !== true; piece = await pieces.next()) {
      if (!file.write(piece.value)) await once(file, 'drain')
    }
    file.end()
    await finished(file)
  } catch (error) {
    file.destroy()
    if (error instanceof TidemarkError) throw error
    throw new TidemarkError({
      code: 'EXPORT_FAILED',
      domain: 'user',
      message: `${path} could not be written: ${messageOf(error)}; choose a file that is not there yet`,
      cause: error,
    })
  }
}
