/** A type that is one value a row. */
export type ParquetScalar =
  | 'string'
  | 'int32'
  | 'int64'
  | 'float'
  | 'double'
  | 'boolean'
  | 'timestamp-ms'
  | 'timestamp-us'
  | 'date'
  | 'binary'

/** What the keys of a map may be: values that are told apart by what they are. */
export type ParquetMapKey = 'string' | 'int32' | 'int64' | 'boolean' | 'date' | 'timestamp-ms' | 'timestamp-us'

interface Nullable {
  /** Whether a value may be null, undefined or left out. Default false. */
  readonly nullable?: boolean
}

/** A scalar with more to say about it. */
export interface ParquetScalarColumn extends Nullable {
  readonly type: ParquetScalar
  /**
   * Whether each row group gets a bloom filter of the column, for readers that look for one value among many: `string`,
   * `int32` and `int64` that are columns themselves. Default false.
   */
  readonly bloomFilter?: boolean
}

/** Exact numbers of up to 38 digits, `scale` of them behind the point. */
export interface ParquetDecimal extends Nullable {
  readonly type: 'decimal'
  readonly precision: number
  /** Default 0. */
  readonly scale?: number
}

export interface ParquetList extends Nullable {
  readonly type: 'list'
  readonly of: ParquetColumn
}

export interface ParquetStruct extends Nullable {
  readonly type: 'struct'
  readonly fields: ParquetSchema
}

export interface ParquetMap extends Nullable {
  readonly type: 'map'
  readonly keys: ParquetMapKey
  readonly values: ParquetColumn
}

/** A type, or a type with more to say about it: `{ type: 'double', nullable: true }`. */
export type ParquetColumn =
  | ParquetScalar
  | ParquetScalarColumn
  | ParquetDecimal
  | ParquetList
  | ParquetStruct
  | ParquetMap

/** The columns of a file, in order. */
export type ParquetSchema = { readonly [column: string]: ParquetColumn }

interface ValueOf {
  readonly string: string
  readonly int32: number
  readonly int64: number | bigint
  readonly float: number
  readonly double: number
  readonly boolean: boolean
  /** Epoch milliseconds. */
  readonly 'timestamp-ms': number | Date
  /** Epoch microseconds. Not a number: that would most often be milliseconds. */
  readonly 'timestamp-us': bigint | Date
  /** `2026-11-21`, or a Date at midnight UTC. */
  readonly date: string | Date
  readonly binary: Uint8Array
}

type NullableColumns<S extends ParquetSchema> = {
  [C in keyof S]: S[C] extends { readonly nullable: true } ? C : never
}[keyof S]

/** Null and undefined aside. */
type ColumnValue<C> = C extends ParquetScalar
  ? ValueOf[C]
  : C extends { readonly type: infer T extends ParquetScalar }
    ? ValueOf[T]
    : C extends { readonly type: 'decimal' }
      ? string | number | bigint
      : C extends { readonly type: 'list'; readonly of: infer E }
        ? readonly ElementValue<E>[]
        : C extends { readonly type: 'struct'; readonly fields: infer F extends ParquetSchema }
          ? ParquetRow<F>
          : C extends { readonly type: 'map'; readonly keys: infer K extends ParquetMapKey; readonly values: infer V }
            ? MapValue<K, ElementValue<V>>
            : never

type ElementValue<C> = ColumnValue<C> | (C extends { readonly nullable: true } ? null | undefined : never)

type MapValue<K extends ParquetMapKey, V> =
  | ReadonlyMap<ValueOf[K], V>
  | (K extends 'string' ? { readonly [key: string]: V } : never)

/**
 * What a row of the schema looks like. A nullable column may be null, undefined or left out. Of a schema that is put together
 * while the program runs only its being an object is known.
 */
export type ParquetRow<S extends ParquetSchema> = string extends keyof S
  ? object
  : {
      readonly [C in Exclude<keyof S, NullableColumns<S>>]: ColumnValue<S[C]>
    } & { readonly [C in NullableColumns<S>]?: ColumnValue<S[C]> | null | undefined }
