import { TidemarkError } from '../../core/errors.js'

export type ParquetType = 'string' | 'int32' | 'int64' | 'double' | 'boolean' | 'timestamp-ms'

/** A type, or a type whose values may be null. */
export type ParquetColumn = ParquetType | { readonly type: ParquetType; readonly nullable?: boolean }

/** The columns of a file, in order. */
export type ParquetSchema = { readonly [column: string]: ParquetColumn }

interface ValueOf {
  readonly string: string
  readonly int32: number
  readonly int64: number | bigint
  readonly double: number
  readonly boolean: boolean
  /** Epoch milliseconds. */
  readonly 'timestamp-ms': number | Date
}

type NullableColumns<S extends ParquetSchema> = {
  [C in keyof S]: S[C] extends { readonly nullable: true } ? C : never
}[keyof S]

type ColumnValue<C extends ParquetColumn> = C extends ParquetType
  ? ValueOf[C]
  : C extends { readonly type: infer T extends ParquetType }
    ? ValueOf[T]
    : never

/** What a row of the schema looks like. A nullable column may be null, undefined or left out. */
export type ParquetRow<S extends ParquetSchema> = {
  readonly [C in Exclude<keyof S, NullableColumns<S>>]: ColumnValue<S[C]>
} & { readonly [C in NullableColumns<S>]?: ColumnValue<S[C]> | null | undefined }

/** How a type is stored, and what of JavaScript's values it takes. */
export interface PhysicalType {
  readonly type: 'BYTE_ARRAY' | 'INT32' | 'INT64' | 'DOUBLE' | 'BOOLEAN'
  readonly converted?: 'UTF8' | 'TIMESTAMP_MILLIS'
  readonly expected: string
  /** The value as the writer wants it; undefined when it does not fit. */
  convert(value: unknown): StoredValue | undefined
}

export type StoredValue = string | number | bigint | boolean

const INT64_MAX = 2n ** 63n - 1n
/** The furthest that a JavaScript date reaches. */
const TIMESTAMP_MAX = 8.64e15

export const PHYSICAL_TYPES: Readonly<Record<ParquetType, PhysicalType>> = {
  string: {
    type: 'BYTE_ARRAY',
    converted: 'UTF8',
    expected: 'a string',
    convert: (value) => (typeof value === 'string' ? value : undefined),
  },
  int32: {
    type: 'INT32',
    expected: 'a whole number of 32 bits',
    convert: (value) => (typeof value === 'number' && (value | 0) === value ? value : undefined),
  },
  int64: {
    type: 'INT64',
    expected: 'a bigint of 64 bits or a safe whole number',
    convert(value) {
      if (typeof value === 'bigint') return value <= INT64_MAX && value >= -INT64_MAX - 1n ? value : undefined
      return Number.isSafeInteger(value) ? BigInt(value as number) : undefined
    },
  },
  double: {
    type: 'DOUBLE',
    expected: 'a number',
    convert: (value) => (typeof value === 'number' ? value : undefined),
  },
  boolean: {
    type: 'BOOLEAN',
    expected: 'a boolean',
    convert: (value) => (typeof value === 'boolean' ? value : undefined),
  },
  'timestamp-ms': {
    type: 'INT64',
    converted: 'TIMESTAMP_MILLIS',
    expected: 'whole epoch milliseconds or a Date',
    convert(value) {
      const ms = value instanceof Date ? value.getTime() : value
      return Number.isSafeInteger(ms) && Math.abs(ms as number) <= TIMESTAMP_MAX ? BigInt(ms as number) : undefined
    },
  },
}

export interface ParsedColumn {
  readonly name: string
  readonly physical: PhysicalType
  readonly nullable: boolean
}

/** @throws TidemarkError OPTION_INVALID */
export function parseSchema(schema: ParquetSchema): readonly ParsedColumn[] {
  const columns = Object.entries(schema).map(([name, column]): ParsedColumn => {
    const type = typeof column === 'string' ? column : column.type
    const physical = Object.hasOwn(PHYSICAL_TYPES, type) ? PHYSICAL_TYPES[type] : undefined
    if (!physical) {
      throw invalid(
        `column '${name}' has type '${String(type)}': choose one of ${Object.keys(PHYSICAL_TYPES).join(', ')}`,
      )
    }
    return { name, physical, nullable: typeof column === 'object' && column.nullable === true }
  })
  if (columns.length === 0) throw invalid('the schema names no column')
  return columns
}

export function invalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'OPTION_INVALID', domain: 'user', message: `parquet sink: ${message}` })
}
