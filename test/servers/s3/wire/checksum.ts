import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { S3Error } from '../s3-error.js'
import { crc32c } from './crc32c.js'

export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number]

/** `COMPOSITE`: over the checksums of the parts. */
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT'

/** A checksum as it stands in a header, base64. */
export interface DeclaredChecksum {
  readonly algorithm: ChecksumAlgorithm
  readonly value: string
}

export interface StoredChecksum extends DeclaredChecksum {
  readonly type: ChecksumType
}

const BYTES: Readonly<Record<ChecksumAlgorithm, number>> = { CRC32: 4, CRC32C: 4, SHA1: 20, SHA256: 32 }

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`
}

/** The name of the XML element. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`
}

export function checksumAlgorithm(text: string): ChecksumAlgorithm {
  const found = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === text.toUpperCase())
  if (found !== undefined) return found
  if (text.toUpperCase() === 'CRC64NVME') throw new S3Error('NotImplemented', 'The local S3 has no CRC64NVME.')
  throw new S3Error(
    'InvalidRequest',
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, SHA1, SHA256]',
  )
}

export function checksumOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  return rawChecksum(algorithm, bytes).toString('base64')
}

function rawChecksum(algorithm: ChecksumAlgorithm, bytes: Uint8Array): Buffer {
  switch (algorithm) {
    case 'CRC32':
      return bigEndian(crc32(bytes))
    case 'CRC32C':
      return bigEndian(crc32c(bytes))
    case 'SHA1':
    case 'SHA256':
      return createHash(algorithm.toLowerCase()).update(bytes).digest()
  }
}

/** The checksum over the checksums of an upload's parts, as the wire has it. */
export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly string[]): string {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')))
  return `${checksumOf(algorithm, bytes)}-${parts.length}`
}

/**
 * The one checksum among headers or trailers.
 *
 * @throws S3Error InvalidRequest: more than one, or one that is none; NotImplemented
 */
export function declaredChecksum(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): DeclaredChecksum | undefined {
  if (headers['x-amz-checksum-crc64nvme'] !== undefined) checksumAlgorithm('CRC64NVME')
  const found = CHECKSUM_ALGORITHMS.flatMap((algorithm): DeclaredChecksum[] => {
    const value = headers[checksumHeader(algorithm)]
    return typeof value === 'string' ? [{ algorithm, value: value.trim() }] : []
  })
  const [first] = found
  if (found.length > 1) throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header')
  if (first !== undefined && !isChecksum(first)) {
    throw new S3Error('InvalidRequest', `Value for ${checksumHeader(first.algorithm)} header is invalid.`)
  }
  return first
}

/** @throws S3Error BadDigest */
export function verifyChecksum({ algorithm, value }: DeclaredChecksum, bytes: Uint8Array): void {
  if (checksumOf(algorithm, bytes) === value) return
  throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`)
}

/** @throws S3Error InvalidDigest, BadDigest */
export function verifyContentMd5(declared: string, bytes: Uint8Array): void {
  const digest = Buffer.from(declared, 'base64')
  if (digest.length !== 16 || digest.toString('base64') !== declared) throw new S3Error('InvalidDigest')
  if (createHash('md5').update(bytes).digest('base64') === declared) return
  throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.', {
    ExpectedDigest: digest.toString('hex'),
  })
}

function isChecksum({ algorithm, value }: DeclaredChecksum): boolean {
  const bytes = Buffer.from(value, 'base64')
  return bytes.length === BYTES[algorithm] && bytes.toString('base64') === value
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
