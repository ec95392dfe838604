import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import { compress, init } from '@bokuweb/zstd-wasm'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { defineJob } from 'tidemark'
import { fileSink, jsonLines } from 'tidemark/file'
import { type ParquetCompression, parquetFormat } from 'tidemark/parquet'
import { run } from 'tidemark/run'
import { TRIP_SCHEMA, type Trip } from './rows.js'

const PIECE_ROWS = 500
/** As the sink has it: 40,000 values of seven columns. */
const GROUP_ROWS = 5714

/** What gzip gives out at once, as the sink has it: its default costs four times the ways to its thread and back. */
const GZIP_CHUNK = 64 * 1024

/** Once: a second call breaks the library. */
const initialised = init()

export interface BareOptions {
  /** Whether the file is on the disk when it is done. */
  readonly synced: boolean
}

/** The bare library: JSON.stringify in pieces into a stream, gzip on its way where asked for. */
export async function bareLines(
  trips: readonly Trip[],
  path: string,
  { synced, isZipped }: BareOptions & { readonly isZipped: boolean },
): Promise<void> {
  const file = createWriteStream(path, { flush: synced })
  const target = isZipped ? createGzip({ chunkSize: GZIP_CHUNK }) : file
  if (isZipped) target.pipe(file)
  for (let from = 0; from < trips.length; from += PIECE_ROWS) {
    let text = ''
    for (let row = from; row < Math.min(from + PIECE_ROWS, trips.length); row++)
      text += `${JSON.stringify(trips[row])}\n`
    if (!target.write(text)) await once(target, 'drain')
  }
  target.end()
  await once(file, 'close')
}

/** The bare library: row groups of hyparquet-writer, each written as it is ready. */
export async function bareParquet(
  trips: readonly Trip[],
  path: string,
  { synced, codec }: BareOptions & { readonly codec: 'SNAPPY' | 'ZSTD' },
): Promise<void> {
  await initialised
  const file = await open(path, 'w')
  const bytes = new ByteWriter()
  const drain = async (): Promise<void> => {
    await file.write(bytes.getBytes().slice())
    bytes.index = 0
  }
  const writer = new ParquetWriter({
    writer: bytes,
    codec,
    compressors: { ZSTD: (input) => compress(input, 3) },
    schema: [
      { name: 'root', num_children: 7 },
      { name: 'id', type: 'INT64', repetition_type: 'REQUIRED' },
      { name: 'at', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'REQUIRED' },
      { name: 'cell', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      { name: 'lat', type: 'DOUBLE', repetition_type: 'REQUIRED' },
      { name: 'lon', type: 'DOUBLE', repetition_type: 'REQUIRED' },
      { name: 'fare', type: 'DOUBLE', repetition_type: 'REQUIRED' },
      { name: 'airport', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    ],
  })
  for (let from = 0; from < trips.length; from += GROUP_ROWS) {
    const group = trips.slice(from, from + GROUP_ROWS)
    const columnData = [
      { name: 'id', data: group.map(({ id }) => BigInt(id)) },
      { name: 'at', data: group.map(({ at }) => BigInt(at)) },
      { name: 'cell', data: group.map(({ cell }) => cell) },
      { name: 'lat', data: group.map(({ lat }) => lat) },
      { name: 'lon', data: group.map(({ lon }) => lon) },
      { name: 'fare', data: group.map(({ fare }) => fare) },
      { name: 'airport', data: group.map(({ airport }) => airport) },
    ]
    writer.write({ columnData, rowGroupSize: group.length })
    await drain()
  }
  writer.finish()
  await drain()
  if (synced) await file.sync()
  await file.close()
}

export type SinkFormat = 'lines' | 'gzip' | ParquetCompression

/** The sink itself, as the last step of a job, without a source's cost: rows are at hand. */
export async function throughSink(trips: readonly Trip[], folder: string, format: SinkFormat): Promise<void> {
  const isLines = format === 'lines' || format === 'gzip'
  const path = join(folder, 'out')
  const job = defineJob('bench', (builder) => {
    const rows = builder.from('trips', atHand(trips))
    if (isLines)
      rows.to('out', fileSink({ path, format: jsonLines(), ...(format === 'gzip' && { compression: 'gzip' }) }))
    else rows.to('out', fileSink({ path, format: parquetFormat({ schema: TRIP_SCHEMA, compression: format }) }))
  })
  const handle = await run(job, { parallelism: 1, logger: QUIET })
  await handle.result
}

const ignore = (): void => undefined
const QUIET = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function atHand(trips: readonly Trip[]) {
  return {
    kind: 'at-hand',
    bounded: true,
    enumerate: () => ({
      discover: async (known: ReadonlySet<string>) => (known.has('all') ? [] : [{ id: 'all' }]),
    }),
    read: () => {
      let next = 0
      return {
        poll(maxRecords: number) {
          if (next >= trips.length) return undefined
          const values = trips.slice(next, next + maxRecords)
          next += values.length
          return { values }
        },
        position: () => ({ id: 'all', next }),
        get finished() {
          return next >= trips.length
        },
        get caughtUp() {
          return next >= trips.length
        },
        close: ignore,
      }
    },
  }
}
