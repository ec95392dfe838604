import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { optionInvalid, requireChoice, requireKnownOptions } from '../../core/options.js'
import { AWS_OPTIONS, type AwsOptions, type AwsSettings, awsSettingsOf } from '../aws/options.js'
import { COMPRESSIONS, type Compression } from '../file/compression/compressor.js'
import type { FileSinkFormat } from '../file/format.js'
import {
  STAGED_OPTIONS,
  type StagedSettings,
  type StagedSinkOptions,
  stagedSettings,
} from '../file/staged/staged-sink.js'
import { locationOf, type S3Location } from './location.js'

interface S3SinkCommonOptions<T> extends StagedSinkOptions<T> {
  /** `s3://bucket/folder`. Several sinks may share one. */
  readonly to: string
  /** `jsonLines()`, `csv()`, `rawLines()` of tidemark/file, or `parquetFormat(...)` of tidemark/parquet. */
  readonly format: FileSinkFormat<NoInfer<T>>
  /** Default: none. `zstd` before Node 22.15 needs `@bokuweb/zstd-wasm`. Parquet has its own. */
  readonly compression?: Compression
  /**
   * Folders below `to` for rows that cannot be written, as documents like those of Amazon Data Firehose, by a template of
   * the time of rejection: `errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/`. Instead of `onRejected`.
   */
  readonly errorPrefix?: string
  /** Of one part of an upload, 5 MiB to 5 GiB. A file of fewer bytes is one part. Default 8 MiB. */
  readonly partBytes?: number
  /** Requests under way at once, a subtask. Default 8. */
  readonly parallelRequests?: number
  /** How long a request is tried again after throttling, server errors and a broken network. Default 60,000. */
  readonly retryForMs?: number
  /** How long an attempt may take; a large body gets a second more for each MiB. Default 30,000. */
  readonly callTimeoutMs?: number
  /** Of all that the sink writes. Default: as the bucket is set up. */
  readonly encryption?: S3SinkEncryption
  /** Of the files with rows, such as `INTELLIGENT_TIERING`. Default: that of S3, `STANDARD`. */
  readonly storageClass?: string
}

export type S3SinkEncryption =
  | { readonly kind: 'SSE-S3' }
  | {
      readonly kind: 'SSE-KMS'
      /** Id, ARN or alias. Default: the key that AWS manages. */
      readonly keyId?: string
    }

export type S3SinkOptions<T> = S3SinkCommonOptions<T> & AwsOptions<S3Client, S3ClientConfig>

const MIB = 1024 * 1024

/** Default, least and most. */
const INTEGERS = {
  partBytes: [8 * MIB, 5 * MIB, 5 * 1024 * MIB],
  parallelRequests: [8, 1, 1000],
  retryForMs: [60_000, 1, Number.MAX_SAFE_INTEGER],
  callTimeoutMs: [30_000, 1, Number.MAX_SAFE_INTEGER],
} as const
const BUFFER_BYTES = 64 * MIB

/** Parts that a writer uploads at most: the numbers above them are for those who restore its uploads. */
export const MOST_PARTS = 5000

const OPTIONS = {
  ...AWS_OPTIONS,
  ...STAGED_OPTIONS,
  to: true,
  format: true,
  compression: true,
  errorPrefix: true,
  partBytes: true,
  parallelRequests: true,
  retryForMs: true,
  callTimeoutMs: true,
  encryption: true,
  storageClass: true,
} as const

export interface S3Numbers {
  readonly partBytes: number
  readonly parallel: number
  readonly retryForMs: number
  readonly callTimeoutMs: number
}

/** What every object is written with: a bucket may refuse others. */
export interface ObjectEncryption {
  readonly ServerSideEncryption?: 'AES256' | 'aws:kms'
  readonly SSEKMSKeyId?: string
}

/** What every upload is begun with. */
export interface ObjectAttributes extends ObjectEncryption {
  readonly StorageClass?: string
}

/** Options with their defaults, checked. */
export interface S3SinkSettings<T> {
  readonly location: S3Location
  readonly aws: AwsSettings<S3Client, S3ClientConfig>
  readonly numbers: S3Numbers
  readonly encryption: ObjectEncryption
  readonly storageClass: string | undefined
  readonly staged: StagedSettings<T>
  readonly errorPrefix: string | undefined
}

/** @throws TidemarkError OPTION_INVALID */
export function s3SinkSettings<T>(
  where: string,
  options: S3SinkOptions<T>,
  constants: Readonly<Record<string, string>> = {},
): S3SinkSettings<T> {
  requireKnownOptions(where, options, OPTIONS)
  requireChoice(where, { name: 'compression', value: options.compression, choices: COMPRESSIONS })
  const { to, format, errorPrefix, onRejected, storageClass } = options
  if (typeof format?.load !== 'function') {
    throw optionInvalid(
      where,
      'format is jsonLines(), csv(...), rawLines() or parquetFormat(...), found something else',
    )
  }
  if (errorPrefix !== undefined && typeof errorPrefix !== 'string') throw optionInvalid(where, 'errorPrefix is text')
  if (errorPrefix !== undefined && onRejected !== undefined) {
    throw optionInvalid(where, 'errorPrefix and onRejected exclude each other: both say where rejected rows go')
  }
  if (storageClass !== undefined && (typeof storageClass !== 'string' || !/^[A-Z0-9_]+$/.test(storageClass))) {
    throw optionInvalid(where, `storageClass is one of S3's, such as STANDARD_IA, found '${String(storageClass)}'`)
  }
  const numbers = numbersOf(where, options)
  const staged = stagedSettings(where, options, {
    bufferBytes: Math.max(BUFFER_BYTES, 4 * numbers.partBytes),
    constants,
  })
  if (staged.bufferBytes < 4 * numbers.partBytes) {
    throw optionInvalid(where, `bufferBytes is at least four parts (partBytes), found ${staged.bufferBytes}`)
  }
  const { maxBytes } = staged.rolling
  if (Number.isFinite(maxBytes) && maxBytes > 0.9 * MOST_PARTS * numbers.partBytes) {
    throw optionInvalid(where, `maxBytes is at most 4500 parts of partBytes, found ${maxBytes}`)
  }
  return {
    location: locationOf(where, to),
    aws: awsSettingsOf(where, options),
    numbers,
    encryption: encryptionOf(where, options.encryption),
    storageClass,
    staged,
    errorPrefix,
  }
}

function numbersOf(where: string, options: S3SinkOptions<never>): S3Numbers {
  const numbers = (Object.entries(INTEGERS) as [keyof typeof INTEGERS, readonly number[]][]).map(([name, range]) => {
    const [standard = 0, least = 0, most = 0] = range
    const value = options[name] ?? standard
    if (Number.isSafeInteger(value) && value >= least && value <= most) return [name, value]
    const shown = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`
    throw optionInvalid(where, `${name} is a whole number ${shown}, found ${value}`)
  })
  // Every name of the table was set.
  const { parallelRequests, ...rest } = Object.fromEntries(numbers) as Record<keyof typeof INTEGERS, number>
  return { ...rest, parallel: parallelRequests }
}

function encryptionOf(where: string, encryption: S3SinkEncryption | undefined): ObjectEncryption {
  if (encryption === undefined) return {}
  requireKnownOptions(`${where}: encryption`, encryption, { kind: true, keyId: true })
  requireChoice(`${where}: encryption`, { name: 'kind', value: encryption.kind, choices: ['SSE-S3', 'SSE-KMS'] })
  if (encryption.kind === 'SSE-S3') {
    if ('keyId' in encryption) throw optionInvalid(where, 'encryption: keyId goes with SSE-KMS alone')
    return { ServerSideEncryption: 'AES256' }
  }
  const { keyId } = encryption
  return { ServerSideEncryption: 'aws:kms', ...(keyId !== undefined && { SSEKMSKeyId: keyId }) }
}
