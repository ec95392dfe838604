import type { KinesisClient, KinesisClientConfig } from '@aws-sdk/client-kinesis'
import { optionInvalid, requireChoice, requireKnownOptions } from '../../../core/options.js'
import { AWS_OPTIONS, type AwsOptions, type AwsSettings, awsSettingsOf } from '../../aws/options.js'
import { type OnRejected, requireOnRejected } from '../../dead-letters/options.js'
import { type StreamName, type StreamOption, streamOf } from '../stream-name.js'

/** How rows are packed into records as the KPL does it. */
export interface AggregateOptions {
  /**
   * Into how many equal parts the hash range is cut; rows of one part share records. A power of two, and at least eight
   * times the number of shards, so that these get even shares. Default 128.
   */
  readonly groups?: number
  /** Of one record. Default 51,200. */
  readonly maxBytes?: number
}

interface KinesisSinkCommonOptions<T> {
  /** Of one row: text is written as UTF-8, bytes as they are (and are the sink's from then on). `jsonBytes()` fits any row. */
  readonly encode: (row: T) => Uint8Array | string
  /**
   * Rows with one partition key go to one shard: 1 to 256 characters. Numbers are written in decimal. `random` spreads
   * rows evenly.
   */
  readonly partitionKey: ((row: T) => string | number | bigint) | 'random'
  /** 0 to 2^128 - 1: the shard by its hash range, whatever the partition key is. Undefined: the partition key decides. */
  readonly explicitHashKey?: (row: T) => bigint | string | undefined
  /**
   * `none` (default): rows of one key may change places when some of a call are refused. `perKey`: they never do, since no
   * two of them are under way at once.
   */
  readonly ordering?: 'none' | 'perKey'
  /** Pack rows into aggregated (KPL) records, which readers have to take apart. Default: a record a row. */
  readonly aggregate?: boolean | AggregateOptions
  /** A row that Kinesis cannot take: too large, no key, no bytes. Default `fail`. */
  readonly onRejected?: OnRejected
  /** Default 500, which is all that Kinesis allows. */
  readonly maxRecordsPerCall?: number
  /** Data and partition keys of one call. Default 5 MiB; Kinesis takes 10 MiB by now. */
  readonly maxBytesPerCall?: number
  /** Data and partition key of one record. Default 1 MiB; up to 10 MiB where the stream was set up so. */
  readonly maxRecordBytes?: number
  /** How long a row waits for others that fill its call. Default 100. */
  readonly maxDelayMs?: number
  /** Calls under way at once, a subtask. Default 8. */
  readonly parallelCalls?: number
  /** Rows that wait or are under way, a subtask: no more are taken while it is as many. Default 10,000. */
  readonly bufferRecords?: number
  /** The same in bytes. Default 16 MiB. */
  readonly bufferBytes?: number
  /** How long one record is tried again after throttling, server errors and a broken network. Default 60,000. */
  readonly retryForMs?: number
  /** How long a call may take. Default 30,000. */
  readonly callTimeoutMs?: number
}

export type KinesisSinkOptions<T> = KinesisSinkCommonOptions<T> &
  StreamOption &
  AwsOptions<KinesisClient, KinesisClientConfig>

/** Options with their defaults, checked. */
export interface KinesisSinkSettings<T>
  extends Pick<KinesisSinkCommonOptions<T>, 'encode' | 'partitionKey' | 'explicitHashKey'> {
  readonly stream: StreamName
  readonly isOrdered: boolean
  readonly aggregate: Required<AggregateOptions> | undefined
  readonly onRejected: OnRejected
  readonly aws: AwsSettings<KinesisClient, KinesisClientConfig>
  readonly numbers: SinkNumbers
}

const MIB = 1024 * 1024
/** Default, and the most that is allowed. */
const INTEGERS = {
  maxRecordsPerCall: [500, 500],
  maxBytesPerCall: [5 * MIB, 10 * MIB],
  maxRecordBytes: [MIB, 10 * MIB],
  parallelCalls: [8, 1000],
  bufferRecords: [10_000, Number.MAX_SAFE_INTEGER],
  bufferBytes: [16 * MIB, Number.MAX_SAFE_INTEGER],
} as const
const DURATIONS = { maxDelayMs: 100, retryForMs: 60_000, callTimeoutMs: 30_000 }
export type SinkNumbers = Readonly<Record<keyof typeof INTEGERS | keyof typeof DURATIONS, number>>

const OPTIONS = {
  ...AWS_OPTIONS,
  stream: true,
  streamArn: true,
  encode: true,
  partitionKey: true,
  explicitHashKey: true,
  ordering: true,
  aggregate: true,
  onRejected: true,
  maxRecordsPerCall: true,
  maxBytesPerCall: true,
  maxRecordBytes: true,
  maxDelayMs: true,
  parallelCalls: true,
  bufferRecords: true,
  bufferBytes: true,
  retryForMs: true,
  callTimeoutMs: true,
} as const

/** @throws TidemarkError OPTION_INVALID */
export function sinkSettingsOf<T>(where: string, options: KinesisSinkOptions<T>): KinesisSinkSettings<T> {
  requireKnownOptions(where, options, OPTIONS)
  const { encode, partitionKey, explicitHashKey, ordering, onRejected = 'fail' } = options
  if (typeof encode !== 'function') throw optionInvalid(where, 'encode is a function, such as jsonBytes()')
  if (typeof partitionKey !== 'function' && partitionKey !== 'random') {
    throw optionInvalid(where, "partitionKey is a function of a row, or 'random'")
  }
  if (explicitHashKey !== undefined && typeof explicitHashKey !== 'function') {
    throw optionInvalid(where, 'explicitHashKey is a function of a row')
  }
  requireChoice(where, { name: 'ordering', value: ordering, choices: ['none', 'perKey'] })
  if (ordering === 'perKey' && partitionKey === 'random') {
    throw optionInvalid(where, "ordering 'perKey' needs a partitionKey that is a function: random keys have no order")
  }
  requireOnRejected(where, onRejected)
  const numbers = numbersOf(where, options)
  return {
    stream: streamOf(where, options),
    encode,
    partitionKey,
    ...(explicitHashKey === undefined ? {} : { explicitHashKey }),
    isOrdered: ordering === 'perKey',
    aggregate: aggregateOf(where, options.aggregate, numbers),
    onRejected,
    aws: awsSettingsOf(where, options, options.streamArn),
    numbers,
  }
}

function numbersOf(where: string, options: KinesisSinkOptions<never>): SinkNumbers {
  const numbers: Record<string, number> = {}
  for (const [name, [standard, most]] of Object.entries(INTEGERS)) {
    const value = options[name as keyof typeof INTEGERS] ?? standard
    if (!Number.isSafeInteger(value) || value < 1 || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? 'from 1 on' : `from 1 to ${most}`
      throw optionInvalid(where, `${name} is a whole number ${range}, found ${value}`)
    }
    numbers[name] = value
  }
  for (const [name, standard] of Object.entries(DURATIONS)) {
    const value = options[name as keyof typeof DURATIONS] ?? standard
    const least = name === 'maxDelayMs' ? 0 : 1
    if (typeof value !== 'number' || !(value >= least)) {
      throw optionInvalid(where, `${name} is a number of milliseconds from ${least} on, found ${value}`)
    }
    numbers[name] = value
  }
  // Every name of both tables was set.
  const all = numbers as SinkNumbers
  if (all.maxRecordBytes > all.maxBytesPerCall) {
    throw optionInvalid(where, 'maxBytesPerCall is at least maxRecordBytes: a record has to fit into a call')
  }
  return all
}

function aggregateOf(
  where: string,
  aggregate: boolean | AggregateOptions | undefined,
  { maxRecordBytes }: SinkNumbers,
): Required<AggregateOptions> | undefined {
  if (aggregate === undefined || aggregate === false) return undefined
  const given = aggregate === true ? {} : aggregate
  requireKnownOptions(`${where}: aggregate`, given, { groups: true, maxBytes: true })
  const { groups = 128, maxBytes = Math.min(51_200, maxRecordBytes) } = given
  if (!Number.isSafeInteger(groups) || groups < 1 || groups > 65_536 || !Number.isInteger(Math.log2(groups))) {
    throw optionInvalid(where, `aggregate.groups is a power of two from 1 to 65536, found ${groups}`)
  }
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1 || maxBytes > maxRecordBytes) {
    throw optionInvalid(where, `aggregate.maxBytes is a whole number from 1 to maxRecordBytes, found ${maxBytes}`)
  }
  return { groups, maxBytes }
}
