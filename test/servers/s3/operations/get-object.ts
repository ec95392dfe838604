import type { Answer, Call, Operation, S3 } from '../s3.js'
import { S3Error } from '../s3-error.js'
import type { StoredObject } from '../store/bucket.js'
import { checkRead } from '../wire/conditions.js'
import { quoted } from '../wire/etag.js'
import { headerOf, httpTime, readConditions, wholeNumber } from '../wire/fields.js'
import { attributeHeaders } from '../wire/object-attributes.js'
import { type ByteRange, rangeOf } from '../wire/range.js'
import { checksumHeaders } from './put-object.js'

/** The answer of a signed request may have other headers than the object. */
const OVERRIDES: readonly string[] = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
]

/** GetObject and HeadObject: the server leaves the body away for HEAD. */
export const getObject: Operation = (s3, call) => {
  const object = find(s3, call)
  const about = { etag: quoted(object.etag), 'last-modified': httpTime(object.lastModifiedMs) }
  if (checkRead(readConditions(call), object) === 'notModified') return { status: 304, headers: about }
  const part = partRange(call, object)
  const range = part ?? rangeOf(headerOf(call.headers, 'range'), object.bytes.length)
  const all = attributeHeaders(object.attributes)
  const headers: Record<string, string> = { ...all, ...overrides(call.query), ...about, 'accept-ranges': 'bytes' }
  if (part !== undefined && object.partSizes) headers['x-amz-mp-parts-count'] = String(object.partSizes.length)
  if (range === undefined)
    return { status: 200, headers: { ...headers, ...wholeChecksum(call, object) }, body: object.bytes }
  headers['content-range'] = `bytes ${range.start}-${range.end - 1}/${object.bytes.length}`
  return { status: 206, headers, body: object.bytes.subarray(range.start, range.end) }
}

/** A caller who may not list learns nothing about which keys there are. */
function find(s3: S3, call: Call): StoredObject {
  const bucket = s3.store.bucket(call.bucket)
  if (!bucket.objects.has(call.key) && !call.may('s3:ListBucket', call.bucket)) throw new S3Error('AccessDenied')
  return s3.store.object(bucket, call.key)
}

function partRange({ query, headers }: Call, object: StoredObject): ByteRange | undefined {
  const number = wholeNumber(query, 'partNumber')
  if (number === undefined) return undefined
  if (headers['range'] !== undefined) {
    throw new S3Error('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter')
  }
  const sizes = object.partSizes ?? [object.bytes.length]
  const size = sizes[number - 1]
  if (size === undefined) throw new S3Error('InvalidRange', 'The requested partnumber is not satisfiable')
  const start = sizes.slice(0, number - 1).reduce((sum, one) => sum + one, 0)
  return { start, end: start + size }
}

function wholeChecksum({ headers }: Call, object: StoredObject): Answer['headers'] {
  return headerOf(headers, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED' ? checksumHeaders(object.checksum) : {}
}

function overrides(query: URLSearchParams): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of OVERRIDES) {
    const value = query.get(`response-${name}`)
    if (value !== null) found[name] = value
  }
  return found
}
