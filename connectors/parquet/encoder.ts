import type { ByteWriter, ColumnSource, ParquetWriter } from 'hyparquet-writer'
import type { FileEncoder } from '../file/format.js'
import type { Field } from './fields.js'
import type { ParquetLibrary } from './load.js'
import { Misfit, rowInvalid } from './misfit.js'
import { hasNegativeZero, Parts, type Stored, sizeOf, UnknownPart } from './parts.js'

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

export type Compress = (bytes: Uint8Array) => Uint8Array

/** The rows of a group of one column. Values behind those that count are of a row that did not fit. */
interface Column {
  readonly field: Field
  values: Stored[]
  hasNegativeZero: boolean
}

/** Rows of a group are kept by column; a full group is one piece. */
export class ParquetEncoder implements FileEncoder<object> {
  readonly #options: ParquetEncoderOptions
  readonly #bytes: ByteWriter
  readonly #writer: ParquetWriter
  readonly #parts: Parts
  readonly #columns: readonly Column[]
  /** Of a row, without what depends on its values. */
  readonly #rowBytes: number
  #rows = 0
  #pendingBytes = 0

  constructor({ ByteWriter, ParquetWriter }: ParquetLibrary, options: ParquetEncoderOptions) {
    const { fields, codec, compressors } = options
    this.#options = options
    this.#parts = new Parts(fields)
    this.#columns = fields.map((field) => ({ field, values: [], hasNegativeZero: false }))
    this.#rowBytes = fields.reduce((sum, { bytes = 0 }) => sum + bytes, 0)
    this.#bytes = new ByteWriter()
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      codec,
      compressors,
      createdBy: 'tidemark',
      schema: [{ name: 'root', num_children: fields.length }, ...fields.flatMap(({ elements }) => elements)],
    })
  }

  add(row: object): void {
    if (typeof row !== 'object' || row === null) throw rowInvalid(`a row is an object, found ${String(row)}`)
    let bytes = this.#rowBytes
    let current: Field | undefined
    try {
      this.#parts.requireKnown(row)
      // The row counts once all of it fits: what is left of another one is overwritten.
      for (const column of this.#columns) {
        const { field, values } = column
        current = field
        const stored = field.convert(this.#parts.read(row, field.name))
        values[this.#rows] = stored
        if (field.bytes === undefined) bytes += sizeOf(stored)
        if (field.hasFloats && hasNegativeZero(stored)) column.hasNegativeZero = true
      }
    } catch (thrown) {
      if (thrown instanceof Misfit) throw rowInvalid(describe(thrown, current?.name ?? '') + this.#options.note)
      throw thrown
    }
    this.#rows++
    this.#pendingBytes += bytes
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get ready(): boolean {
    return this.#rows >= this.#options.rowGroupSize || this.#pendingBytes >= this.#options.rowGroupBytes
  }

  take(): () => Uint8Array {
    const rows = this.#rows
    const columnData = this.#columns.map((column): ColumnSource => {
      const { field, values } = column
      const mustBePlain = column.hasNegativeZero
      values.length = rows
      column.values = []
      column.hasNegativeZero = false
      return {
        name: field.name,
        data: values,
        columnIndex: true,
        bloomFilter: field.hasBloomFilter,
        // A dictionary of the library takes 0 and -0 for one value.
        ...(mustBePlain && { encoding: 'PLAIN' as const }),
      }
    })
    this.#rows = 0
    this.#pendingBytes = 0
    const { pageBytes: pageSize } = this.#options
    return () => {
      if (rows > 0) this.#writer.write({ columnData, rowGroupSize: rows, pageSize })
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

  /** What was written since the last call. The writer's offsets go on counting. */
  #drain(): Uint8Array {
    const bytes = this.#bytes.getBytes().slice()
    this.#bytes.index = 0
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
