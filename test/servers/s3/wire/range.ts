import { S3Error } from '../s3-error.js'

/** Bytes `start` to before `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * What a Range header selects of an object; undefined: all of it, as for a header that is not understood, or asks for several
 * ranges.
 *
 * @throws S3Error InvalidRange
 */
export function rangeOf(header: string | undefined, length: number): ByteRange | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (found === null) return undefined
  const [, first = '', last = ''] = found
  if (first === '' && last === '') return undefined
  if (first === '') {
    const count = Number(last)
    if (count === 0 || length === 0) throw unsatisfiable(header, length)
    return { start: Math.max(0, length - count), end: length }
  }
  const start = Number(first)
  const end = last === '' ? length : Math.min(length, Number(last) + 1)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= length) throw unsatisfiable(header, length)
  return { start, end }
}

function unsatisfiable(header: string | undefined, length: number): S3Error {
  return new S3Error('InvalidRange', undefined, { RangeRequested: header ?? '', ActualObjectSize: String(length) })
}
