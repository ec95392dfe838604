import type { ByteWriter, ColumnSource, ParquetWriter } from 'hyparquet-writer'
import type { FileEncoder } from '../file/format.js'
import { Columns, type TakenColumn } from './columns.js'
import { Dictionaries } from './dictionaries.js'
import type { Field } from './fields.js'
import type { ParquetLibrary } from './load.js'
import { Misfit, requireRow, rowInvalid } from './misfit.js'
import { floatsOf, UnknownPart } from './parts.js'
import { freeTexts, textsAsBytes } from './texts.js'

export interface ParquetEncoderOptions {
  readonly fields: readonly Field[]
  /** What ends a row group. */
  readonly rowGroupSize: number
  readonly rowGroupBytes: number
  readonly pageBytes: number
  /** Behind what is said of a row that does not fit: where the schema comes from. */
  readonly note: string
  readonly codec: 'SNAPPY' | 'ZSTD' | 'GZIP' | 'UNCOMPRESSED'
  /** By codec, for those that the library does not bring. */
  readonly compressors: Readonly<Record<string, Compress>>
}

/** Of an encoder that has nothing to write: it grows. */
const WRITER_BYTES = 1024

export type Compress = (bytes: Uint8Array) => Uint8Array

/** Rows of a group are kept by column; a full group is one piece. */
export class ParquetEncoder implements FileEncoder<object> {
  readonly #options: ParquetEncoderOptions
  readonly #bytes: ByteWriter
  readonly #writer: ParquetWriter
  readonly #columns: Columns
  readonly #dictionaries: Dictionaries
  /** Of a row, without what depends on its values. */
  readonly #rowBytes: number
  #rows = 0
  #pendingBytes = 0

  constructor({ ByteWriter, ParquetWriter }: ParquetLibrary, options: ParquetEncoderOptions) {
    const { fields, codec, compressors } = options
    this.#options = options
    this.#columns = new Columns(fields)
    this.#dictionaries = new Dictionaries(fields)
    this.#rowBytes = fields.reduce((sum, { bytes = 0 }) => sum + bytes, 0)
    this.#bytes = new ByteWriter(WRITER_BYTES)
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      codec,
      compressors,
      createdBy: 'tidemark',
      schema: [{ name: 'root', num_children: fields.length }, ...fields.flatMap(({ elements }) => elements)],
    })
  }

  add(row: object): void {
    requireRow(row)
    try {
      // The row counts once all of it fits: what is left of another one is overwritten.
      this.#pendingBytes += this.#rowBytes + this.#columns.set(this.#rows, row)
      this.#rows++
    } catch (thrown) {
      if (thrown instanceof Misfit) throw rowInvalid(describe(thrown, this.#columns.current ?? '') + this.#options.note)
      throw thrown
    }
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get ready(): boolean {
    return this.#rows >= this.#options.rowGroupSize || this.#pendingBytes >= this.#options.rowGroupBytes
  }

  take(): () => Uint8Array {
    const rows = this.#rows
    const columns = this.#columns.take(rows)
    this.#rows = 0
    this.#pendingBytes = 0
    return () => {
      if (rows > 0) this.#write(columns, rows)
      return this.#drain()
    }
  }

  end(): () => Uint8Array {
    const encodeRest = this.take()
    return () => {
      const rest = encodeRest()
      this.#writer.finish()
      return Buffer.concat([rest, this.#drain()])
    }
  }

  #write(columns: readonly TakenColumn[], rows: number): void {
    const { pageBytes } = this.#options
    const hasChoice: boolean[] = []
    const columnData = columns.map(({ field, values }, index): ColumnSource => {
      const floats = field.hasFloats ? floatsOf(values) : undefined
      const isPlain = floats?.hasNegativeZero || this.#dictionaries.isWithout(index)
      hasChoice.push(!isPlain)
      return {
        name: field.name,
        data: (isPlain && field.isText && textsAsBytes(values, pageBytes)) || values,
        columnIndex: !floats?.hasNaN,
        statistics: !floats?.hasNaN,
        bloomFilter: field.hasBloomFilter,
        ...(isPlain && { encoding: 'PLAIN' as const }),
      }
    })
    this.#writer.write({ columnData, rowGroupSize: rows, pageSize: pageBytes })
    const group = this.#writer.row_groups.at(-1)!
    this.#dictionaries.learn(group, hasChoice)
    freeTexts(group)
  }

  /** What was written since the last call. The writer's offsets go on counting. */
  #drain(): Uint8Array {
    const writer = this.#bytes
    const bytes = writer.getBytes().slice()
    writer.index = 0
    // The room of a group would be held by each file that waits for its next rows.
    writer.buffer = new ArrayBuffer(WRITER_BYTES)
    writer.view = new DataView(writer.buffer)
    return bytes
  }
}

function describe(misfit: Misfit, column: string): string {
  if (misfit instanceof UnknownPart) {
    const within = column === '' ? 'the row' : `column '${column}${misfit.path}'`
    return `${within} has '${misfit.part}', which is not in the schema`
  }
  return `column '${column}${misfit.path}': expected ${misfit.expected}, found ${misfit.found}`
}
