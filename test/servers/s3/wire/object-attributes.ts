import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from '../s3-error.js'

export interface Encryption {
  readonly algorithm: 'AES256' | 'aws:kms' | 'aws:kms:dsse'
  readonly kmsKeyId: string | undefined
  readonly bucketKey: boolean
}

/** What is stored with an object beside its bytes, and comes back with it. */
export interface ObjectAttributes {
  /** content-type and others that are kept as they came, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** With the prefix x-amz-meta-. */
  readonly metadata: Readonly<Record<string, string>>
  readonly encryption: Encryption
}

const KEPT_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-language',
  'content-type',
  'expires',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
] as const
const MAX_METADATA_BYTES = 2048
const METADATA_PREFIX = 'x-amz-meta-'
const KMS: ReadonlySet<string> = new Set(['aws:kms', 'aws:kms:dsse'])

/**
 * Read from the headers of a write.
 *
 * @throws S3Error MetadataTooLarge, InvalidArgument
 */
export function attributesOf(headers: IncomingHttpHeaders): ObjectAttributes {
  const kept: Record<string, string> = {}
  for (const name of KEPT_HEADERS) {
    const value = headers[name]
    if (typeof value === 'string') kept[name] = value
  }
  const encoding = contentEncoding(headers['content-encoding'])
  if (encoding !== '') kept['content-encoding'] = encoding
  kept['content-type'] ??= 'binary/octet-stream'
  return { headers: kept, metadata: metadataOf(headers), encryption: encryptionOf(headers) }
}

/** The headers of GetObject and HeadObject. */
export function attributeHeaders({ headers, metadata, encryption }: ObjectAttributes): Record<string, string> {
  return { ...headers, ...metadata, ...encryptionHeaders(encryption) }
}

export function encryptionHeaders({ algorithm, kmsKeyId, bucketKey }: Encryption): Record<string, string> {
  return {
    'x-amz-server-side-encryption': algorithm,
    ...(kmsKeyId === undefined ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId }),
    ...(bucketKey ? { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' } : {}),
  }
}

export function isKmsEncrypted({ encryption }: ObjectAttributes): boolean {
  return KMS.has(encryption.algorithm)
}

function metadataOf(headers: IncomingHttpHeaders): Record<string, string> {
  const metadata: Record<string, string> = {}
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(METADATA_PREFIX) || typeof value !== 'string') continue
    metadata[name] = value
    bytes += Buffer.byteLength(name) - METADATA_PREFIX.length + Buffer.byteLength(value)
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', undefined, {
      Size: String(bytes),
      MaxSizeAllowed: String(MAX_METADATA_BYTES),
    })
  }
  return metadata
}

/** S3 encrypts every object; what is not asked for is AES256. */
function encryptionOf(headers: IncomingHttpHeaders): Encryption {
  const asked = headers['x-amz-server-side-encryption'] ?? 'AES256'
  const kmsKeyId = headers['x-amz-server-side-encryption-aws-kms-key-id']
  if (asked !== 'AES256' && asked !== 'aws:kms' && asked !== 'aws:kms:dsse') {
    throw new S3Error('InvalidArgument', 'The encryption method specified is not supported', {
      ArgumentName: 'x-amz-server-side-encryption',
      ArgumentValue: String(asked),
    })
  }
  if (asked === 'AES256') {
    if (kmsKeyId === undefined) return { algorithm: asked, kmsKeyId: undefined, bucketKey: false }
    throw new S3Error(
      'InvalidArgument',
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    )
  }
  return {
    algorithm: asked,
    // Without a key S3 uses the account's own, and says which.
    kmsKeyId: typeof kmsKeyId === 'string' ? kmsKeyId : 'arn:aws:kms:us-east-1:000000000000:key/aws-s3',
    bucketKey: headers['x-amz-server-side-encryption-bucket-key-enabled'] === 'true',
  }
}

/** `aws-chunked` is of the transfer and not kept. */
function contentEncoding(header: string | undefined): string {
  return (header ?? '')
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'aws-chunked')
    .join(',')
}
