import { isIP } from 'node:net'
import { S3Error } from '../s3-error.js'

export interface Address {
  /** Empty: the request is about the service. */
  readonly bucket: string
  /** Empty: the request is about the bucket. */
  readonly key: string
  readonly query: URLSearchParams
}

/**
 * Bucket and key of a request: `/bucket/key`, or the bucket as the first part of the host name below one of `domains`. The path
 * is taken as it is, for keys may hold `//` and `..`.
 *
 * @throws S3Error InvalidURI
 */
export function addressOf(url: string, hostHeader: string | undefined, domains: readonly string[]): Address {
  const mark = url.indexOf('?')
  const path = decode(mark < 0 ? url : url.slice(0, mark))
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  if (!path.startsWith('/')) throw new S3Error('InvalidURI')
  const hosted = bucketOfHost(hostHeader ?? '', domains)
  if (hosted !== undefined) return { bucket: hosted, key: path.slice(1), query }
  const slash = path.indexOf('/', 1)
  if (slash < 0) return { bucket: path.slice(1), key: '', query }
  return { bucket: path.slice(1, slash), key: path.slice(slash + 1), query }
}

function bucketOfHost(hostHeader: string, domains: readonly string[]): string | undefined {
  const host = hostHeader.replace(/:\d+$/, '').toLowerCase()
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0 || domains.includes(host)) return undefined
  const domain = domains.find((name) => host.endsWith(`.${name}`))
  return domain === undefined ? undefined : host.slice(0, -domain.length - 1)
}

/** As in x-amz-copy-source. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new S3Error('InvalidURI')
  }
}
