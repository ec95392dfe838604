import type { SchemaElement } from 'hyparquet'
import { isWellFormed } from '../../core/codec/well-formed.js'
import { bytesOfDigits, type Digits, unscaled } from './decimal.js'
import type { ParquetScalar } from './schema.js'

/** What the writer is given: a value of the physical type, or what it converts without loss. */
export type StoredScalar = string | number | bigint | boolean | Uint8Array

/** How a type is stored, and what of JavaScript's values it takes. */
export interface Scalar {
  readonly element: Omit<SchemaElement, 'name' | 'repetition_type'>
  readonly expected: string
  /** Of a value in the file, about; undefined where it depends on the value. */
  readonly bytes: number | undefined
  /** What is stored of a value; undefined when it does not fit. Needs no `this`. */
  readonly convert: (value: unknown) => StoredScalar | undefined
}

const INT64_MAX = 2n ** 63n - 1n
/** The furthest that a JavaScript date reaches. */
const TIMESTAMP_MAX = 8.64e15
const TIMESTAMP_MAX_US = BigInt(TIMESTAMP_MAX) * 1000n
const DAY_MS = 86_400_000
const DATE = /^\d{4}-\d{2}-\d{2}$/

const string: Scalar = {
  element: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  expected: 'a string without lone surrogates',
  bytes: undefined,
  convert(value) {
    if (typeof value === 'string' && isWellFormed(value)) return value
    return undefined
  },
}

const int32: Scalar = {
  element: { type: 'INT32' },
  expected: 'a whole number of 32 bits',
  bytes: 4,
  convert(value) {
    // Of -0 it makes 0.
    if (typeof value === 'number' && (value | 0) === value) return value | 0
    return undefined
  },
}

const int64: Scalar = {
  element: { type: 'INT64' },
  expected: 'a bigint of 64 bits or a safe whole number',
  bytes: 8,
  convert(value) {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
    if (typeof value === 'bigint' && value <= INT64_MAX && value >= -INT64_MAX - 1n) return value
    return undefined
  },
}

const float: Scalar = {
  element: { type: 'FLOAT' },
  expected: 'a number in the range of 32-bit floats, to the nearest of which it is rounded',
  bytes: 4,
  convert(value) {
    if (typeof value === 'number') {
      const nearest = Math.fround(value)
      if (Number.isFinite(nearest) || !Number.isFinite(value)) return nearest
    }
    return undefined
  },
}

const double: Scalar = {
  element: { type: 'DOUBLE' },
  expected: 'a number',
  bytes: 8,
  convert(value) {
    if (typeof value === 'number') return value
    return undefined
  },
}

const boolean: Scalar = {
  element: { type: 'BOOLEAN' },
  expected: 'a boolean',
  bytes: 1,
  convert(value) {
    if (typeof value === 'boolean') return value
    return undefined
  },
}

const timestampMs: Scalar = {
  element: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  expected: 'whole epoch milliseconds or a Date',
  bytes: 8,
  convert(value) {
    const ms = value instanceof Date ? value.getTime() : value
    // The library makes a bigint of it when it writes: until then a number is held at less cost.
    if (typeof ms === 'number' && Number.isSafeInteger(ms) && Math.abs(ms) <= TIMESTAMP_MAX) return ms
    return undefined
  },
}

const timestampUs: Scalar = {
  element: { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' },
  expected: 'a Date or a bigint of epoch microseconds',
  bytes: 8,
  convert(value) {
    if (typeof value === 'bigint' && value <= TIMESTAMP_MAX_US && value >= -TIMESTAMP_MAX_US) return value
    if (value instanceof Date && !Number.isNaN(value.getTime())) return BigInt(value.getTime()) * 1000n
    return undefined
  },
}

const date: Scalar = {
  element: { type: 'INT32', converted_type: 'DATE' },
  expected: "a date such as '2026-11-21', or a Date at midnight UTC",
  bytes: 4,
  convert(value) {
    const ms = value instanceof Date ? value.getTime() : typeof value === 'string' ? midnightOf(value) : Number.NaN
    if (ms % DAY_MS === 0) return (ms / DAY_MS) | 0
    return undefined
  },
}

const binary: Scalar = {
  element: { type: 'BYTE_ARRAY' },
  expected: 'a Uint8Array',
  bytes: undefined,
  convert(value) {
    // A copy: it may be a view of a larger buffer, which would stay in memory.
    if (value instanceof Uint8Array) return Uint8Array.prototype.slice.call(value)
    return undefined
  },
}

export const SCALARS: Readonly<Record<ParquetScalar, Scalar>> = {
  string,
  int32,
  int64,
  float,
  double,
  boolean,
  'timestamp-ms': timestampMs,
  'timestamp-us': timestampUs,
  date,
  binary,
}

/** As small as the digits allow. */
export function decimalScalar(digits: Digits): Scalar {
  const { precision, scale } = digits
  const physical =
    precision <= 9
      ? ({ type: 'INT32' } as const)
      : precision <= 18
        ? ({ type: 'INT64' } as const)
        : ({ type: 'FIXED_LEN_BYTE_ARRAY', type_length: bytesOfDigits(precision) } as const)
  return {
    element: { ...physical, converted_type: 'DECIMAL', precision, scale },
    expected: `a number, bigint or text of ${precision - scale} digits before the point and ${scale} behind it at most`,
    bytes: physical.type === 'INT32' ? 4 : physical.type === 'INT64' ? 8 : physical.type_length,
    convert(value) {
      return unscaled(value, digits)
    },
  }
}

/** NaN where there is no such day. */
function midnightOf(text: string): number {
  if (!DATE.test(text)) return Number.NaN
  const ms = Date.parse(`${text}T00:00:00Z`)
  // 30 February is a day in March to some engines.
  return Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text) ? Number.NaN : ms
}
