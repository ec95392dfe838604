import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ManyDecoder, RecordMeta, RecordPiece } from '../../core/decode/index.js'
import { TidemarkError } from '../../core/errors.js'
import { type CsvOptions, type CsvRow, csv } from '../file/csv.js'
import type { Frame, FrameDecoder } from '../file/format.js'
import { RecordSplitter } from '../file/record-splitter.js'

export interface CsvRowsOptions<C extends string = string> extends CsvOptions<C> {
  /** Whether the first row of every record names the columns. Default false: then `columns` names them. */
  readonly header?: boolean
}

/** Bytes that are cut into rows, and parsed, at once. */
const CHUNK_BYTES = 64 * 1024

/**
 * CSV rows (RFC 4180: double quotes, LF or CRLF), one or more a record; empty lines are none. A row with more or fewer
 * fields than columns spoils no other. Fields are text, where no schema makes them something else.
 * @example kinesis({ stream: 'trips', startAt: 'horizon', decode: csvRows({ columns: ['cell', 'fare'] }) })
 */
export function csvRows<const C extends string = string>(options: CsvRowsOptions<C>): ManyDecoder<CsvRow<C>>
export function csvRows<S extends StandardSchemaV1>(
  options: CsvRowsOptions & { readonly schema: S },
): ManyDecoder<StandardSchemaV1.InferOutput<S>>
export function csvRows(options: CsvRowsOptions & { readonly schema?: StandardSchemaV1 }): ManyDecoder<unknown> {
  const { header = false } = options
  // With a schema that is undefined the other overload would have been taken; the format checks the options.
  const format = csv({ ...options, header } as CsvRowsOptions & { readonly schema: StandardSchemaV1 })
  return {
    *pieces(bytes) {
      const splitter = new RecordSplitter({ quoted: true, maxRecordBytes: bytes.length, offset: 0 })
      let decoder: FrameDecoder<unknown> | undefined = header ? undefined : format.open(undefined)
      for (const frames of framesOf(bytes, splitter)) {
        let rows: readonly Frame[] = frames
        if (decoder === undefined) {
          if (frames.length === 0) continue
          decoder = format.open(frames[0])
          rows = frames.slice(1)
        }
        decoder.prepare?.(rows)
        for (const row of rows) if (!row.blank) yield new Row(row, decoder)
      }
    },
  }
}

function* framesOf(bytes: Uint8Array, splitter: RecordSplitter): Generator<Frame[]> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0
  for (let from = start; from < buffer.length; from += CHUNK_BYTES) {
    yield splitter.push(buffer.subarray(from, from + CHUNK_BYTES))
  }
  yield splitter.end()
}

class Row implements RecordPiece<unknown> {
  readonly #frame: Frame
  readonly #decoder: FrameDecoder<unknown>

  constructor(frame: Frame, decoder: FrameDecoder<unknown>) {
    this.#frame = frame
    this.#decoder = decoder
  }

  get bytes(): Uint8Array {
    return this.#frame.bytes
  }

  readonly decode = (record: RecordMeta): unknown => {
    const { problem } = this.#frame
    if (problem) throw new TidemarkError({ code: problem.code, domain: 'user', message: problem.message })
    return this.#decoder.decode(this.#frame, record)
  }
}
