import type { Operation } from '../s3.js'
import { S3Error } from '../s3-error.js'
import type { StoredObject } from '../store/bucket.js'
import { listPage, nameOf } from '../store/listing.js'
import { quoted } from '../wire/etag.js'
import { isoTime, keyEncoding, pageLimit } from '../wire/fields.js'
import type { XmlObject } from '../wire/xml.js'
import { xmlAnswer } from './answers.js'

export const listObjectsV2: Operation = (s3, { bucket: name, query }) => {
  const bucket = s3.store.bucket(name)
  const encode = keyEncoding(query)
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? '']
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after')
  const limit = pageLimit(query, 'max-keys')
  const after = token === null ? (startAfter ?? '') : openToken(token)
  const { entries, isTruncated } = listPage(bucket.keys, { prefix, delimiter, after, limit })
  const last = entries.at(-1)
  return xmlAnswer('ListBucketResult', {
    Name: name,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    MaxKeys: limit,
    EncodingType: query.get('encoding-type') ?? undefined,
    KeyCount: entries.length,
    IsTruncated: isTruncated,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: isTruncated && last !== undefined ? sealToken(nameOf(last)) : undefined,
    StartAfter: startAfter === null ? undefined : encode(startAfter),
    Contents: entries.flatMap((entry) => {
      return entry.kind === 'key' ? [contentOf(encode(entry.key), s3.store.object(bucket, entry.key))] : []
    }),
    CommonPrefixes: entries.flatMap((entry) => {
      return entry.kind === 'commonPrefix' ? [{ Prefix: encode(entry.prefix) }] : []
    }),
  })
}

function contentOf(key: string, { lastModifiedMs, etag, bytes, checksum, attributes }: StoredObject): XmlObject {
  return {
    Key: key,
    LastModified: isoTime(lastModifiedMs),
    ETag: quoted(etag),
    ChecksumAlgorithm: checksum?.algorithm,
    ChecksumType: checksum?.type,
    Size: bytes.length,
    StorageClass: attributes.headers['x-amz-storage-class'] ?? 'STANDARD',
  }
}

/** The prefix keeps people from passing a key, which would work until they meet S3. */
const TOKEN_PREFIX = 'local-s3:'

function sealToken(after: string): string {
  return Buffer.from(TOKEN_PREFIX + after).toString('base64')
}

function openToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString()
  if (text.startsWith(TOKEN_PREFIX)) return text.slice(TOKEN_PREFIX.length)
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', {
    ArgumentName: 'continuation-token',
  })
}
