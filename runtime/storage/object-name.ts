import { TidemarkError } from '../../core/errors.js'

/** A backslash separates folders on Windows; a control character cannot stand in a listing, which is XML. */
const FORBIDDEN = /[\\\p{Cc}]/u

/** S3 takes 1024 bytes for prefix and name together. */
const LONGEST_BYTES = 512

export function isObjectName(name: string): boolean {
  const parts = name.split('/')
  const isWrong = parts.some((part) => part === '' || part === '.' || part === '..' || FORBIDDEN.test(part))
  return !isWrong && Buffer.byteLength(name) <= LONGEST_BYTES
}

/**
 * A name that every store can keep, and that leads out of none.
 * @throws TidemarkError STORAGE_NAME_INVALID
 */
export function requireObjectName(name: string, location: string): void {
  if (isObjectName(name)) return
  throw new TidemarkError({
    code: 'STORAGE_NAME_INVALID',
    domain: 'internal',
    message:
      `'${name}' is not the name of an object in ${location}: expected parts between single slashes, none of them empty, ` +
      `'.' or '..', without backslashes and control characters, ${LONGEST_BYTES} bytes in all`,
  })
}

/** @throws TidemarkError STORAGE_RANGE_INVALID */
export function requireRange(name: string, start: number, end: number): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end > start) return
  throw new TidemarkError({
    code: 'STORAGE_RANGE_INVALID',
    domain: 'internal',
    message: `bytes ${start} to ${end} of '${name}' were asked for: expected whole numbers, 0 <= start < end`,
  })
}
