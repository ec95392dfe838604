import type { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { TidemarkError } from '../../core/errors.js'
import type { FileEncoder } from '../file/format.js'
import type { ParquetLibrary } from './load.js'
import type { ParsedColumn, StoredValue } from './schema.js'

export interface ParquetEncoderOptions {
  readonly columns: readonly ParsedColumn[]
  readonly rowGroupSize: number
  readonly codec: 'SNAPPY' | 'ZSTD' | 'GZIP' | 'UNCOMPRESSED'
  /** By codec, for those that the library does not bring. */
  readonly compressors: Readonly<Record<string, Compress>>
}

export type Compress = (bytes: Uint8Array) => Uint8Array

type ColumnValues = (StoredValue | null)[]

/** Rows of a group are kept by column; a full group is one piece. */
export class ParquetEncoder implements FileEncoder<object> {
  readonly #options: ParquetEncoderOptions
  readonly #bytes: ByteWriter
  readonly #writer: ParquetWriter
  readonly #names: ReadonlySet<string>
  #values: ColumnValues[]
  #rows = 0
  #pendingBytes = 0

  constructor({ ByteWriter, ParquetWriter }: ParquetLibrary, options: ParquetEncoderOptions) {
    const { columns, codec, compressors } = options
    this.#options = options
    this.#names = new Set(columns.map(({ name }) => name))
    this.#values = columns.map(() => [])
    this.#bytes = new ByteWriter()
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      codec,
      compressors,
      createdBy: 'tidemark',
      schema: [
        { name: 'root', num_children: columns.length },
        ...columns.map(({ name, nullable, physical }) => ({
          name,
          type: physical.type,
          ...(physical.converted && { converted_type: physical.converted }),
          repetition_type: nullable ? ('OPTIONAL' as const) : ('REQUIRED' as const),
        })),
      ],
    })
  }

  add(row: object): void {
    const { columns } = this.#options
    if (typeof row !== 'object' || row === null) throw rowError(`a row is an object, found ${String(row)}`)
    for (const name in row) {
      if (!this.#names.has(name)) throw rowError(`the row has '${name}', which is not in the schema`)
    }
    // All of it is converted before any of it is kept: a row that does not fit leaves nothing behind.
    const converted = columns.map((column) => convert(column, (row as Record<string, unknown>)[column.name]))
    for (const [index, value] of converted.entries()) {
      this.#values[index]!.push(value)
      this.#pendingBytes += typeof value === 'string' ? 4 + value.length : 8
    }
    this.#rows++
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get ready(): boolean {
    return this.#rows >= this.#options.rowGroupSize
  }

  take(): () => Uint8Array {
    const rows = this.#rows
    const columnData = this.#options.columns.map(({ name }, index) => ({ name, data: this.#values[index]! }))
    this.#values = columnData.map(() => [])
    this.#rows = 0
    this.#pendingBytes = 0
    return () => {
      if (rows > 0) this.#writer.write({ columnData, rowGroupSize: rows })
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

function convert({ name, physical, nullable }: ParsedColumn, value: unknown): StoredValue | null {
  if (value === null || value === undefined) {
    if (nullable) return null
    throw rowError(`column '${name}': expected ${physical.expected}, found ${value}; declare it nullable to allow that`)
  }
  const stored = physical.convert(value)
  if (stored !== undefined) return stored
  const found = typeof value === 'number' ? 'another number' : `a ${typeof value}`
  throw rowError(`column '${name}': expected ${physical.expected}, found ${found}`)
}

function rowError(message: string): TidemarkError {
  return new TidemarkError({ code: 'ROW_INVALID', domain: 'user', message })
}
