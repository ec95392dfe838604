import { TidemarkError } from '../../core/errors.js'

/** A value that does not fit its column. Thrown for a row that is then rejected; never leaves the encoder. */
export class Misfit {
  readonly expected: string
  readonly found: string
  /** From the column down: `a.b[3]`. Made on the way up. */
  path = ''

  constructor(expected: string, value: unknown) {
    this.expected = expected
    this.found = shown(value)
  }
}

/** @throws TidemarkError ROW_INVALID */
export function requireRow(row: unknown): asserts row is object {
  if (isFields(row)) return
  const found = typeof row === 'object' ? shown(row) : `a ${typeof row}`
  throw rowInvalid(`a row is an object, found ${found}`)
}

/** Whether a value is an object of named parts, not one of the kinds that are values themselves. */
export function isFields(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  // Most are: the checks below cost more than all the rest of a row's.
  if (Object.getPrototypeOf(value) === Object.prototype) return true
  return !(Array.isArray(value) || value instanceof Map || value instanceof Date || ArrayBuffer.isView(value))
}

export function rowInvalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'ROW_INVALID', domain: 'user', message })
}

/** Runs a conversion of a part; what does not fit gets the part's name. */
export function within<R>(part: string, convert: () => R): R {
  try {
    return convert()
  } catch (thrown) {
    if (thrown instanceof Misfit) thrown.path = part + thrown.path
    throw thrown
  }
}

/** The kind of a value; not the value, which is somebody's data. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  switch (typeof value) {
    case 'number':
      if (Number.isNaN(value) || Math.abs(value) === Number.POSITIVE_INFINITY) return String(value)
      return Number.isSafeInteger(value)
        ? 'another whole number'
        : Number.isInteger(value)
          ? 'a whole number that is not exact'
          : 'a fraction'
    case 'bigint':
      return 'another bigint'
    case 'string':
      return 'another string'
    case 'object':
      if (Array.isArray(value)) return 'an array'
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'another Date'
      return value instanceof Map ? 'a Map' : value instanceof Uint8Array ? 'a Uint8Array' : 'an object'
    default:
      return `a ${typeof value}`
  }
}
