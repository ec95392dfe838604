import { createHash } from 'node:crypto'

/**
 * The MD5, as with S3, unless the object is encrypted by a key of KMS: then S3 promises nothing about it, and code that takes it
 * for the MD5 is to fail here too.
 */
export function etagOf(bytes: Uint8Array, isKmsEncrypted: boolean): string {
  const hash = createHash('md5').update(bytes)
  return (isKmsEncrypted ? hash.update('aws:kms') : hash).digest('hex')
}

export function multipartEtag(partEtags: readonly string[]): string {
  const bytes = Buffer.concat(partEtags.map((etag) => Buffer.from(etag, 'hex')))
  return `${createHash('md5').update(bytes).digest('hex')}-${partEtags.length}`
}

export function quoted(etag: string): string {
  return `"${etag}"`
}

export function unquoted(etag: string): string {
  return etag.trim().replace(/^"(.*)"$/, '$1')
}
