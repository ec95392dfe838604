import type { KinesisClient, KinesisClientConfig } from '@aws-sdk/client-kinesis'
import type { MalformedPolicy } from '../../core/connector.js'
import { isManyDecoder, type ManyDecoder, type RecordMeta } from '../../core/decode/index.js'
import { TidemarkError } from '../../core/errors.js'
import { requireKnownOptions } from '../../core/options.js'
import type { HttpVersion } from '../aws/client-config.js'
import { AWS_OPTIONS, type AwsOptions, type AwsSettings, awsSettingsOf } from '../aws/options.js'
import { type FanOutSettings, fanOutSettingsOf, type KinesisFanOut } from './fan-out/options.js'
import { type StreamName, type StreamOption, streamOf } from './stream-name.js'

/** The object is reused for the next record: copy what you keep. */
export interface KinesisRecordMeta extends RecordMeta {
  readonly shardId: string
  readonly sequenceNumber: string
  /** Which of the records inside an aggregated (KPL) one; undefined: it is a plain one. */
  readonly subSequenceNumber: number | undefined
  /** Of the user record, where it lies in an aggregated one. */
  readonly partitionKey: string
  readonly arrivedAt: number
}

/** One value a record. Any `Decoder` fits: `json(schema)`, `text()`. */
export type KinesisValueDecoder<out T> = (bytes: Uint8Array, record: KinesisRecordMeta) => T

/** One value a record, or, as `lines(json(schema))`, any number of them. */
export type KinesisDecoder<T> = KinesisValueDecoder<T> | ManyDecoder<T, KinesisRecordMeta>

/** From this record on, or from the one behind it. */
export type SequencePosition =
  | { readonly at: string; readonly after?: undefined }
  | { readonly after: string; readonly at?: undefined }

/**
 * `horizon`: the oldest record that is still there. `latest`: what arrives from the job's first start on. A timestamp
 * (epoch milliseconds or a Date): what arrived at or after it. `shards`: a position for each shard id; shards that are
 * not named start at the horizon.
 */
export type KinesisStart =
  | 'horizon'
  | 'latest'
  | { readonly timestamp: Date | number; readonly shards?: undefined }
  | { readonly shards: Readonly<Record<string, SequencePosition>>; readonly timestamp?: undefined }

interface KinesisCommonOptions<T> {
  /** Where a fresh start begins; a restored job goes on where it was. */
  readonly startAt: KinesisStart
  readonly decode: KinesisDecoder<T>
  /** `tip`: a bounded source that ends with what the stream holds when the job first starts. Default: unbounded. */
  readonly endAt?: 'tip'
  /** What a record meets that cannot be decoded. Default `fail`. */
  readonly onMalformed?: MalformedPolicy
  /** What a restored job does whose next records may have expired: `fail` (default), or `continue` at the horizon. */
  readonly onTrimmed?: 'fail' | 'continue'
  /** Enhanced fan-out. Default: polling. */
  readonly fanOut?: KinesisFanOut
  /**
   * Of the client that the source makes. Default: `1.1` for polling and over http://, else `2`, which AWS wants for fan-out;
   * `1.1` is for other servers that lack it.
   */
  readonly httpVersion?: HttpVersion
  /** Records asked for in one call, at most. Default 5000. */
  readonly maxRecordsPerCall?: number
  /** What one call should return, in bytes; the number of records asked for follows from their mean size. Default 420 KiB. */
  readonly targetBytesPerCall?: number
  /** GetRecords calls a shard and second. Default 5, which is all that Kinesis allows a shard. Infinity: no limit. */
  readonly callsPerSecond?: number
  /** Bytes a shard and second. Default 2 MiB, which is all that Kinesis allows a shard. Infinity: no limit. */
  readonly bytesPerSecond?: number
  /** The wait at the tip, after a read that returned records. Empty reads double it. Default 200. */
  readonly pollIntervalMs?: number
  /** The longest wait at the tip. Default 1000. */
  readonly maxPollIntervalMs?: number
  /** What waits to be taken by the job, a shard: no call is made while it is more. Default 10,000 records. */
  readonly bufferRecords?: number
  /** The same in bytes. Default 4 MiB. */
  readonly bufferBytes?: number
  /** How long throttling, server errors and a broken network are borne without one good answer. Default 60,000. */
  readonly retryForMs?: number
  /** How long a call may take. Default 30,000. */
  readonly callTimeoutMs?: number
}

export type KinesisOptions<T> = KinesisCommonOptions<T> & StreamOption & AwsOptions<KinesisClient, KinesisClientConfig>

/** Options with their defaults, checked. */
export interface KinesisSettings<T> {
  readonly stream: StreamName
  readonly startAt: KinesisStart
  readonly decode: KinesisDecoder<T>
  readonly bounded: boolean
  readonly onMalformed: MalformedPolicy
  readonly onTrimmed: 'fail' | 'continue'
  readonly aws: AwsSettings<KinesisClient, KinesisClientConfig>
  /** Undefined: polling. */
  readonly fanOut: FanOutSettings | undefined
  readonly httpVersion: HttpVersion
  readonly numbers: KinesisNumbers
}

const INTEGERS = { maxRecordsPerCall: 5000, bufferRecords: 10_000 }
const POSITIVES = {
  targetBytesPerCall: 420 * 1024,
  callsPerSecond: 5,
  bytesPerSecond: 2 * 1024 * 1024,
  pollIntervalMs: 200,
  maxPollIntervalMs: 1000,
  bufferBytes: 4 * 1024 * 1024,
  retryForMs: 60_000,
  callTimeoutMs: 30_000,
}
export type KinesisNumbers = Readonly<Record<keyof typeof INTEGERS | keyof typeof POSITIVES, number>>

const OPTIONS = {
  ...AWS_OPTIONS,
  stream: true,
  streamArn: true,
  startAt: true,
  decode: true,
  endAt: true,
  onMalformed: true,
  onTrimmed: true,
  fanOut: true,
  httpVersion: true,
  maxRecordsPerCall: true,
  targetBytesPerCall: true,
  callsPerSecond: true,
  bytesPerSecond: true,
  pollIntervalMs: true,
  maxPollIntervalMs: true,
  bufferRecords: true,
  bufferBytes: true,
  retryForMs: true,
  callTimeoutMs: true,
} as const

const MAX_RECORDS_PER_CALL = 10_000
const SEQUENCE_NUMBER = /^(0|[1-9]\d{0,128})$/

/** @throws TidemarkError OPTION_INVALID */
export function settingsOf<T>(options: KinesisOptions<T>): KinesisSettings<T> {
  requireKnownOptions('kinesis', options, OPTIONS)
  checkStart(options.startAt)
  if (typeof options.decode !== 'function' && !isManyDecoder(options.decode)) {
    throw invalid('decode is a decoder, such as json(schema) or lines(json(schema))')
  }
  if (options.endAt !== undefined && options.endAt !== 'tip') throw invalid(`endAt is 'tip' or absent`)
  checkChoice('onMalformed', options.onMalformed, ['fail', 'deadLetter', 'skip'])
  checkChoice('onTrimmed', options.onTrimmed, ['fail', 'continue'])
  checkChoice('httpVersion', options.httpVersion, ['1.1', '2'])
  if (options.httpVersion !== undefined && options.client !== undefined) {
    throw invalid('client is used as it is: httpVersion is for the client that the source makes')
  }
  return {
    stream: streamOf('kinesis', options),
    startAt: options.startAt,
    decode: options.decode,
    bounded: options.endAt === 'tip',
    onMalformed: options.onMalformed ?? 'fail',
    onTrimmed: options.onTrimmed ?? 'fail',
    aws: awsSettingsOf('kinesis', options, options.streamArn),
    fanOut: options.fanOut && fanOutSettingsOf(options.fanOut),
    httpVersion: options.httpVersion ?? httpVersionFor(options),
    numbers: numbersOf(options),
  }
}

function httpVersionFor({ fanOut, endpoint, clientConfig }: KinesisOptions<unknown>): HttpVersion {
  const url = endpoint ?? clientConfig?.endpoint
  return fanOut === undefined || (typeof url === 'string' && url.startsWith('http://')) ? '1.1' : '2'
}

function numbersOf(options: KinesisOptions<unknown>): KinesisNumbers {
  const numbers = { ...INTEGERS, ...POSITIVES }
  for (const name of Object.keys(numbers) as (keyof KinesisNumbers)[]) {
    const value = options[name] ?? numbers[name]
    const whole = name in INTEGERS
    if (typeof value !== 'number' || !(value > 0) || (whole && !Number.isSafeInteger(value))) {
      throw invalid(`${name} is a ${whole ? 'whole ' : ''}number above 0, found ${value}`)
    }
    numbers[name] = value
  }
  if (numbers.maxRecordsPerCall > MAX_RECORDS_PER_CALL) {
    throw invalid(`maxRecordsPerCall is at most ${MAX_RECORDS_PER_CALL}, found ${numbers.maxRecordsPerCall}`)
  }
  return numbers
}

function checkStart(start: KinesisStart): void {
  if (start === 'horizon' || start === 'latest') return
  if (typeof start !== 'object' || start === null) {
    throw invalid(`startAt is 'horizon', 'latest', { timestamp } or { shards }, found ${String(start)}`)
  }
  if (start.timestamp !== undefined) {
    if (start.shards !== undefined) throw invalid('startAt has either timestamp or shards')
    const timestamp = Number(start.timestamp)
    if (timestamp >= 0 && timestamp <= 8.64e15) return
    throw invalid(`startAt.timestamp is a Date or epoch milliseconds, found ${String(start.timestamp)}`)
  }
  for (const [shardId, position] of Object.entries(start.shards ?? {})) {
    const number = position.at ?? position.after
    if ((position.at === undefined) !== (position.after === undefined) && SEQUENCE_NUMBER.test(String(number))) continue
    throw invalid(`startAt.shards['${shardId}'] is { at } or { after } with a sequence number as a string`)
  }
  if (start.shards === undefined) throw invalid('startAt has either timestamp or shards')
}

function checkChoice(name: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return
  throw invalid(`${name} is one of ${choices.join(', ')}; found '${value}'`)
}

function invalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'OPTION_INVALID', domain: 'user', message: `kinesis: ${message}` })
}
