import { fileURLToPath } from 'node:url'
import type { Environment } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { optionInvalid } from '../../core/options.js'
import { directoryStore } from './directory.js'
import type { ObjectStore } from './object-store.js'
import { connect, loadS3Sdk } from './s3/client.js'
import { requireS3Options, type S3StoreOptions } from './s3/options.js'
import { type S3Place, s3Store } from './s3/store.js'

export interface OpenStoreOptions {
  readonly environment: Environment
  /** Goes with `s3://` alone. */
  readonly s3?: S3StoreOptions
}

/**
 * The store at `s3://bucket/prefix`, at a `file://` URL, or in a folder. The AWS SDK is loaded for S3 alone.
 *
 * @example
 * const store = await openStore('s3://my-state/taxi', { environment: systemEnvironment() })
 * @throws TidemarkError STORAGE_LOCATION_INVALID, OPTION_INVALID, DEPENDENCY_MISSING
 */
export async function openStore(location: string, options: OpenStoreOptions): Promise<ObjectStore> {
  const place = parseLocation(location)
  const { environment, s3 = {} } = options
  if (place.kind === 'folder') {
    if (options.s3) throw optionInvalid('openStore', `s3 goes with a location that begins with s3://, not ${location}`)
    return await directoryStore(place.path, environment)
  }
  requireS3Options('openStore: s3', s3)
  return s3Store(place, connect(await loadS3Sdk(), s3), { environment, s3 })
}

type Place = { readonly kind: 'folder'; readonly path: string } | ({ readonly kind: 's3' } & S3Place)

/** @throws TidemarkError STORAGE_LOCATION_INVALID */
export function parseLocation(location: string): Place {
  if (typeof location !== 'string' || location === '') {
    throw locationInvalid(String(location), 'it is empty: expected a folder or s3://bucket/prefix')
  }
  // One letter is a drive of Windows.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(location)?.[1]?.toLowerCase()
  if (scheme === 's3') return { kind: 's3', ...s3Place(location) }
  if (scheme === 'file') return { kind: 'folder', path: filePath(location) }
  if (scheme !== undefined && location.slice(scheme.length + 1).startsWith('//')) {
    throw locationInvalid(location, `there is no storage for ${scheme}://: expected a folder or s3://bucket/prefix`)
  }
  return { kind: 'folder', path: location }
}

function filePath(location: string): string {
  try {
    return fileURLToPath(location)
  } catch (cause) {
    throw locationInvalid(location, `${messageOf(cause)}; a file URL has three slashes: file:///var/state`, cause)
  }
}

/** Names of buckets, access points' aliases among them. Old ones in us-east-1 had capitals and underscores, too. */
const BUCKET = /^[a-zA-Z0-9][a-zA-Z0-9._-]{1,253}[a-zA-Z0-9]$/

/** Leaves room for the names below it: a key has 1024 bytes at most. */
const LONGEST_PREFIX_BYTES = 500

function s3Place(location: string): S3Place {
  const [, bucket, rest = ''] = /^s3:\/\/([^/]*)(?:\/(.*))?$/is.exec(location) ?? []
  if (bucket === undefined) throw locationInvalid(location, 'it has to begin with s3:// and the name of a bucket')
  if (bucket === '') throw locationInvalid(location, 'the name of the bucket is missing: expected s3://bucket/prefix')
  if (!BUCKET.test(bucket)) {
    throw locationInvalid(
      location,
      `'${bucket}' is not the name of a bucket: 3 to 255 letters, digits, dots and dashes; of an access point, take the ` +
        'alias; an endpoint is an option of its own',
    )
  }
  const prefix = rest.replace(/\/$/, '')
  if (/[?#]/.test(prefix)) {
    throw locationInvalid(location, "its prefix has a '?' or '#': options are not part of the URL")
  }
  if (prefix === '') return { bucket, prefix }
  const isWrong = prefix.split('/').some((part) => part === '' || part === '.' || part === '..')
  if (isWrong || /[\\\p{Cc}]/u.test(prefix)) {
    throw locationInvalid(location, "the parts of its prefix are separated by single slashes, and none is '.' or '..'")
  }
  if (Buffer.byteLength(prefix) > LONGEST_PREFIX_BYTES) {
    throw locationInvalid(location, `its prefix is longer than ${LONGEST_PREFIX_BYTES} bytes`)
  }
  return { bucket, prefix }
}

function locationInvalid(location: string, why: string, cause?: unknown): TidemarkError {
  return new TidemarkError({
    code: 'STORAGE_LOCATION_INVALID',
    domain: 'user',
    message: `'${location}' is no place for checkpoints: ${why}`,
    cause,
  })
}
