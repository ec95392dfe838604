import { S3Error } from '../s3-error.js'
import type { StoredObject } from '../store/bucket.js'
import { unquoted } from './etag.js'

export interface WriteConditions {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

export interface ReadConditions extends WriteConditions {
  readonly ifModifiedSince: string | undefined
  readonly ifUnmodifiedSince: string | undefined
}

/**
 * Whether a write may go ahead. `overtakenByDelete`: the key was deleted while the write was on its way, which S3 answers with
 * a conflict that a client may try again.
 *
 * @throws S3Error PreconditionFailed, NoSuchKey, ConditionalRequestConflict, NotImplemented
 */
export function checkWrite(
  conditions: WriteConditions,
  existing: StoredObject | undefined,
  { key, overtakenByDelete }: { readonly key: string; readonly overtakenByDelete: boolean },
): void {
  const { ifMatch, ifNoneMatch } = conditions
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== '*' || ifMatch !== undefined) throw notImplemented('If-None-Match')
    if (existing !== undefined) throw failed('If-None-Match')
    if (overtakenByDelete)
      throw new S3Error('ConditionalRequestConflict', undefined, { Condition: 'If-None-Match', Key: key })
  }
  if (ifMatch !== undefined) {
    if (ifMatch.trim() === '*') throw notImplemented('If-Match')
    if (existing === undefined) throw new S3Error('NoSuchKey', undefined, { Key: key })
    if (unquoted(ifMatch) !== existing.etag) throw failed('If-Match')
  }
}

/**
 * Whether a read gets the object, or "not modified". The order is that of RFC 9110, section 13.2.2, as S3 has it.
 *
 * @throws S3Error PreconditionFailed
 */
export function checkRead(conditions: ReadConditions, object: StoredObject): 'read' | 'notModified' {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions
  // Dates on the wire have no milliseconds.
  const modified = Math.floor(object.lastModifiedMs / 1000) * 1000
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw failed('If-Match')
  } else if (ifUnmodifiedSince !== undefined && modified > Date.parse(ifUnmodifiedSince)) {
    throw failed('If-Unmodified-Since')
  }
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, object.etag) ? 'notModified' : 'read'
  return ifModifiedSince !== undefined && modified <= Date.parse(ifModifiedSince) ? 'notModified' : 'read'
}

function matches(header: string, etag: string): boolean {
  return header.split(',').some((one) => one.trim() === '*' || unquoted(one.trim().replace(/^W\//, '')) === etag)
}

function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', undefined, { Condition: condition })
}

function notImplemented(header: string): S3Error {
  return new S3Error('NotImplemented', undefined, { Header: header })
}
