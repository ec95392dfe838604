import { type Batch, NO_TIMESTAMP } from '../../../core/element.js'
import { recordOf, returnedPromise, userError } from '../../../core/operators/user-error.js'
import { optionInvalid } from '../../../core/options.js'
import { isPromise } from '../../../core/promises.js'
import { partitionInvalid, pathText } from './path-text.js'
import { parsePrefix, type Segment } from './prefix.js'
import { bucketMs, endOfUnit, finestUnit, formatTime } from './time-pattern.js'

/** What a partition key of a prefix may be. */
export type PartitionKey = string | number | bigint | boolean | null

/** Where in the output a row belongs. */
export interface PartitionOptions<T> {
  /**
   * Folders below the output, by a template as Amazon Data Firehose has it: `year=!{timestamp:yyyy}/`, in UTC, and
   * `city=!{partitionKeyFromQuery:city}/`. Default: none, all files in one folder.
   */
  readonly prefix?: string
  /** Functions of a row that `prefix` refers to by name. */
  readonly partitionKeys?: Readonly<Record<string, (row: T) => PartitionKey>>
  /** Epoch milliseconds, for `!{timestamp:...}`. Default: the timestamp that the record has in the job. */
  readonly eventTime?: (row: T) => number
}

export const PARTITION_OPTIONS = { prefix: true, partitionKeys: true, eventTime: true } as const

/** The furthest that a JavaScript date reaches. */
const TIMESTAMP_MAX = 8.64e15
/** Texts of times that are kept. */
const KEPT_TEXTS = 1000

/** Tells the folder of each row: '' or `a/b/`. */
export class Partitions<T> {
  readonly #operatorId: string
  readonly #eventTime: ((row: T) => number) | undefined
  readonly #segments: readonly (Segment & { readonly keyOf?: (row: T) => PartitionKey })[]
  readonly #rank: number
  readonly #bucketMs: number
  readonly #hasTime: boolean
  /** By quotient: the texts of the segments of time, in order. */
  #texts = new Map<number, readonly string[]>()
  #lastBucket = Number.NaN
  #lastTexts: readonly string[] = []

  constructor(operatorId: string, template: PrefixTemplate<T>) {
    const { segments, eventTime, partitionKeys } = template
    this.#operatorId = operatorId
    this.#eventTime = eventTime
    this.#segments = segments.map((segment) =>
      // A template has only names that are there.
      segment.kind === 'key' ? { ...segment, keyOf: partitionKeys[segment.name]! } : segment,
    )
    this.#hasTime = template.hasTime
    this.#rank = template.rank
    this.#bucketMs = bucketMs(template.rank)
  }

  /** @throws TidemarkError PARTITION_INVALID, or what a user's function threw, with the record's place */
  folderOf(batch: Batch<T>, row: number): string {
    if (this.#segments.length === 0) return ''
    const value = batch.values[row]!
    const texts = this.#hasTime ? this.#textsAt(this.#timeOf(batch, row, value)) : this.#lastTexts
    let folder = ''
    let nextText = 0
    for (const segment of this.#segments) {
      if (segment.kind === 'text') folder += segment.text
      else if (segment.kind === 'time') folder += texts[nextText++]!
      else
        folder += pathText(
          segment.name,
          this.#call(batch, row, segment.name, () => segment.keyOf?.(value)),
        )
    }
    return folder
  }

  /** When the partition of this time ends: the first moment that is not of it. Undefined where it has no end. */
  endOf(batch: Batch<T>, row: number): number | undefined {
    if (!this.#hasTime) return undefined
    return endOfUnit(new Date(this.#timeOf(batch, row, batch.values[row]!)), this.#rank)
  }

  #timeOf(batch: Batch<T>, row: number, value: T): number {
    const eventTime = this.#eventTime
    const at = eventTime ? this.#call(batch, row, 'eventTime', () => eventTime(value)) : batch.timestamps[row]!
    if (typeof at === 'number' && Math.abs(at) <= TIMESTAMP_MAX) return at
    if (at === NO_TIMESTAMP) {
      throw partitionInvalid(
        'the row has no timestamp for !{timestamp:...}: assign timestamps at the source, or eventTime',
      )
    }
    throw partitionInvalid(`expected epoch milliseconds for !{timestamp:...}, found ${String(at)}`)
  }

  #textsAt(at: number): readonly string[] {
    const bucket = Math.floor(at / this.#bucketMs)
    if (bucket === this.#lastBucket) return this.#lastTexts
    let texts = this.#texts.get(bucket)
    if (texts === undefined) {
      const date = new Date(at)
      texts = this.#segments.flatMap((segment) => (segment.kind === 'time' ? [formatTime(segment.pattern, date)] : []))
      if (this.#texts.size >= KEPT_TEXTS) this.#texts.clear()
      this.#texts.set(bucket, texts)
    }
    this.#lastBucket = bucket
    this.#lastTexts = texts
    return texts
  }

  #call<R>(batch: Batch<T>, row: number, call: string, run: () => R): R {
    let result: R
    try {
      result = run()
    } catch (thrown) {
      throw userError(thrown, { operatorId: this.#operatorId, call, ...recordOf(batch, row) })
    }
    if (!isPromise(result)) return result
    throw returnedPromise(result, { operatorId: this.#operatorId, call, ...recordOf(batch, row) })
  }
}

/** The options, checked. */
export interface PrefixTemplate<T> {
  readonly segments: readonly Segment[]
  readonly partitionKeys: Readonly<Record<string, (row: T) => PartitionKey>>
  readonly eventTime: ((row: T) => number) | undefined
  readonly hasTime: boolean
  /** Of the finest unit of time in it. */
  readonly rank: number
  /** Whether a partition is one stretch of time, so that it is over at some time. */
  readonly isGapless: boolean
}

/** @throws TidemarkError OPTION_INVALID */
export function prefixTemplate<T>(
  where: string,
  options: PartitionOptions<T>,
  constants: Readonly<Record<string, string>> = {},
): PrefixTemplate<T> {
  const { prefix = '', partitionKeys = {}, eventTime } = options
  if (eventTime !== undefined && typeof eventTime !== 'function') {
    throw optionInvalid(where, 'eventTime is a function of a row')
  }
  for (const [name, key] of Object.entries(partitionKeys)) {
    if (typeof key !== 'function') throw optionInvalid(where, `partitionKeys: '${name}' is a function of a row`)
  }
  const segments = parsePrefix(where, prefix, { keys: Object.keys(partitionKeys), constants })
  const used = new Set(segments.flatMap((segment) => (segment.kind === 'key' ? [segment.name] : [])))
  const unused = Object.keys(partitionKeys).find((name) => !used.has(name))
  if (unused !== undefined) throw optionInvalid(where, `partitionKeys has '${unused}', which prefix does not use`)
  const patterns = segments.flatMap((segment) => (segment.kind === 'time' ? [segment.pattern] : []))
  const hasTime = patterns.length > 0
  return {
    segments,
    partitionKeys,
    eventTime,
    hasTime,
    ...(hasTime ? finestUnit(patterns) : { rank: 5, isGapless: false }),
  }
}
