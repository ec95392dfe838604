import type { IncomingHttpHeaders } from 'node:http'
import type { Call } from '../s3.js'
import { S3Error } from '../s3-error.js'
import { decode } from './address.js'
import type { ReadConditions, WriteConditions } from './conditions.js'

export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Most pages hold a thousand, and asking for more is no error. */
export function pageLimit(query: URLSearchParams, name: string): number {
  return Math.min(1000, wholeNumber(query, name) ?? 1000)
}

/** @throws S3Error InvalidArgument */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (/^\d{1,10}$/.test(text)) return Number(text)
  throw new S3Error('InvalidArgument', `Provided ${name} not an integer or within integer range`, {
    ArgumentName: name,
    ArgumentValue: text,
  })
}

/** Keys in a listing: as they are, or percent-encoded, for XML cannot hold every character. */
export function keyEncoding(query: URLSearchParams): (text: string) => string {
  const asked = query.get('encoding-type')
  if (asked === null) return (text) => text
  if (asked !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request')
  return (text) =>
    encodeURIComponent(text)
      .replaceAll('%2F', '/')
      .replace(/[!'()]/g, percentEncoded)
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

export function writeConditions({ headers }: Call): WriteConditions {
  return { ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match'] }
}

export function readConditions({ headers }: Call): ReadConditions {
  return {
    ifMatch: headers['if-match'],
    ifNoneMatch: headers['if-none-match'],
    ifModifiedSince: headers['if-modified-since'],
    ifUnmodifiedSince: headers['if-unmodified-since'],
  }
}

export function copySourceConditions({ headers }: Call): ReadConditions {
  return {
    ifMatch: headerOf(headers, 'x-amz-copy-source-if-match'),
    ifNoneMatch: headerOf(headers, 'x-amz-copy-source-if-none-match'),
    ifModifiedSince: headerOf(headers, 'x-amz-copy-source-if-modified-since'),
    ifUnmodifiedSince: headerOf(headers, 'x-amz-copy-source-if-unmodified-since'),
  }
}

export interface CopySource {
  readonly bucket: string
  readonly key: string
}

/** @throws S3Error InvalidArgument, NotImplemented */
export function copySource({ headers }: Call): CopySource {
  const text = headerOf(headers, 'x-amz-copy-source') ?? ''
  if (text.includes('?versionId=')) throw new S3Error('NotImplemented', 'The local S3 keeps no versions.')
  const path = decode(text).replace(/^\//, '')
  const slash = path.indexOf('/')
  if (slash <= 0 || slash === path.length - 1) {
    throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey', {
      ArgumentName: 'x-amz-copy-source',
      ArgumentValue: text,
    })
  }
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1) }
}

export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

export function httpTime(epochMs: number): string {
  return new Date(epochMs).toUTCString()
}
