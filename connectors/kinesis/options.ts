import type { KinesisClient, KinesisClientConfig } from '@aws-sdk/client-kinesis'
import type { MalformedPolicy } from '../../core/connector.js'
import { isManyDecoder, type ManyDecoder, type RecordMeta } from '../../core/decode/index.js'
import { TidemarkError } from '../../core/errors.js'
import { requireKnownOptions } from '../../core/options.js'
import type { HttpVersion } from '../aws/client-config.js'
import { AWS_OPTIONS, type AwsOptions, type AwsSettings, awsSettingsOf } from '../aws/options.js'
import { type FanOutSettings, fanOutSettingsOf, type KinesisFanOut } from './fan-out/options.js'
import { checkEnd, checkRange, checkStart, type KinesisEnd, type KinesisStart } from './positions.js'
import { arnAmong, type StreamName, type StreamsOption, streamsOf } from './stream-name.js'

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

interface KinesisCommonOptions<T> {
  /** Where a fresh start begins; a restored job goes on where it was. */
  readonly startAt: KinesisStart
  readonly decode: KinesisDecoder<T>
  /** Makes a bounded source, which ends there. Default: unbounded. */
  readonly endAt?: KinesisEnd
  /** What a record meets that cannot be decoded. Default `fail`. */
  readonly onMalformed?: MalformedPolicy
  /** What a job does whose next records have expired: `fail` (default), or `continue` with what is there. */
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
  /** How often shards are looked for; also whenever one has ended. Default 10,000. */
  readonly discoveryIntervalMs?: number
  /** How long throttling, server errors and a broken network are borne without one good answer. Default 60,000. */
  readonly retryForMs?: number
  /** How long a call may take. Default 30,000. */
  readonly callTimeoutMs?: number
}

export type KinesisOptions<T> = KinesisCommonOptions<T> & StreamsOption & AwsOptions<KinesisClient, KinesisClientConfig>

/** Options with their defaults, checked. */
export interface KinesisSettings<T> {
  readonly streams: readonly StreamName[]
  readonly startAt: KinesisStart
  /** Undefined: unbounded. */
  readonly endAt: KinesisEnd | undefined
  readonly decode: KinesisDecoder<T>
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
  discoveryIntervalMs: 10_000,
  retryForMs: 60_000,
  callTimeoutMs: 30_000,
}
export type KinesisNumbers = Readonly<Record<keyof typeof INTEGERS | keyof typeof POSITIVES, number>>

const OPTIONS = {
  ...AWS_OPTIONS,
  stream: true,
  streamArn: true,
  streams: true,
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
  discoveryIntervalMs: true,
  retryForMs: true,
  callTimeoutMs: true,
} as const

const MAX_RECORDS_PER_CALL = 10_000

/** @throws TidemarkError OPTION_INVALID */
export function settingsOf<T>(options: KinesisOptions<T>): KinesisSettings<T> {
  requireKnownOptions('kinesis', options, OPTIONS)
  const streams = streamsOf('kinesis', options)
  checkStart(options.startAt)
  if (options.endAt !== undefined) {
    checkEnd(options.endAt)
    checkRange(options.startAt, options.endAt)
  }
  if (typeof options.decode !== 'function' && !isManyDecoder(options.decode)) {
    throw invalid('decode is a decoder, such as json(schema) or lines(json(schema))')
  }
  checkChoice('onMalformed', options.onMalformed, ['fail', 'deadLetter', 'skip'])
  checkChoice('onTrimmed', options.onTrimmed, ['fail', 'continue'])
  checkChoice('httpVersion', options.httpVersion, ['1.1', '2'])
  if (options.httpVersion !== undefined && options.client !== undefined) {
    throw invalid('client is used as it is: httpVersion is for the client that the source makes')
  }
  const fanOut = options.fanOut === undefined ? undefined : fanOutSettingsOf(options.fanOut)
  if (fanOut !== undefined && 'consumerArn' in fanOut && streams.length > 1) {
    throw invalid(
      'fanOut.consumerArn is of one stream: give consumerName, which is registered with each, or a source each',
    )
  }
  return {
    streams,
    startAt: options.startAt,
    endAt: options.endAt,
    decode: options.decode,
    onMalformed: options.onMalformed ?? 'fail',
    onTrimmed: options.onTrimmed ?? 'fail',
    aws: awsSettingsOf('kinesis', options, arnAmong(streams)),
    fanOut,
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
  // One that is given alone may be longer than the other's default.
  const { pollIntervalMs, maxPollIntervalMs } = options
  if (pollIntervalMs !== undefined && maxPollIntervalMs !== undefined && maxPollIntervalMs < pollIntervalMs) {
    throw invalid(`maxPollIntervalMs is at least pollIntervalMs, found ${maxPollIntervalMs} < ${pollIntervalMs}`)
  }
  return numbers
}

function checkChoice(name: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return
  throw invalid(`${name} is one of ${choices.join(', ')}; found '${value}'`)
}

function invalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'OPTION_INVALID', domain: 'user', message: `kinesis: ${message}` })
}
