import { type Duration, formatDuration, minutes, seconds } from '../duration.js'
import { MIN_WATERMARK } from '../element.js'
import { optionInvalid, requireKnownOptions } from '../options.js'
import type { WatermarkGenerator, WatermarkStrategy } from './watermark-strategy.js'

export type EventTimeOptions = IdlenessOptions & AlignmentOptions

interface IdlenessOptions {
  /** A split without records for so long, while it is caught up, does not hold the others back. Default 60 s. */
  readonly idleAfter?: Duration | false
  /** What is further ahead of the wall clock does not move the watermark; it is processed and counted. Default 5 min. */
  readonly maxSkew?: Duration | false
}

type AlignmentOptions =
  | {
      /**
       * A split whose watermark is further ahead of the slowest active one of its source waits for it (watermark
       * alignment): windows of a source that is catching up then need not be kept open for long. Default: no limit.
       */
      readonly maxDrift?: Duration | false
      readonly alignmentGroup?: never
    }
  | {
      /** How far a split may be ahead of the slowest active one of all sources of the group. */
      readonly maxDrift: Duration
      /** Sources of the job that name the same group wait for each other, as splits of one source do. */
      readonly alignmentGroup: string
    }

export type MonotonousOptions<T> = EventTimeOptions & {
  /** Epoch milliseconds of a value. Absent: the source's own timestamps count. */
  readonly timestamp?: (value: T) => number
}

export type BoundedOutOfOrdernessOptions<T> = MonotonousOptions<T> & {
  /** How far a record may be behind the latest one of its split without being late. */
  readonly maxDelay: Duration
}

export type MarkersOptions<T> = EventTimeOptions & {
  /** Epoch milliseconds of a value that is no marker. */
  readonly timestamp: (value: T) => number
  /**
   * What a marker promises: no record of its split with this timestamp or an earlier one follows. Undefined for what
   * is no marker. It is the marker's own timestamp too.
   */
  readonly watermark: (value: T) => number | undefined
}

const MONOTONOUS_OPTIONS = {
  timestamp: true,
  idleAfter: true,
  maxSkew: true,
  maxDrift: true,
  alignmentGroup: true,
} as const

const DEFAULT_IDLE_AFTER = seconds(60)
const DEFAULT_MAX_SKEW = minutes(5)

/**
 * Records of a split are out of order by at most `maxDelay`: its watermark is the latest timestamp - `maxDelay` - 1.
 *
 * @throws TidemarkError OPTION_INVALID
 * @example job.from('events', source, boundedOutOfOrderness({ timestamp: (event) => event.at, maxDelay: seconds(60) }))
 */
export function boundedOutOfOrderness<T>(options: BoundedOutOfOrdernessOptions<T>): WatermarkStrategy<T> {
  requireKnownOptions('boundedOutOfOrderness', options, { ...MONOTONOUS_OPTIONS, maxDelay: true })
  const delayMs = options.maxDelay?.ms
  if (!(delayMs >= 0)) throw optionInvalid('boundedOutOfOrderness', 'maxDelay is a duration, such as seconds(60)')
  return strategy(`boundedOutOfOrderness(${formatDuration(options.maxDelay)})`, options, () => new Bounded(delayMs))
}

/**
 * Timestamps of a split never go backwards: its watermark is the latest one - 1.
 * @throws TidemarkError OPTION_INVALID
 */
export function monotonous<T>(options: MonotonousOptions<T> = {}): WatermarkStrategy<T> {
  requireKnownOptions('monotonous', options, MONOTONOUS_OPTIONS)
  return strategy('monotonous', options, () => new Bounded(0))
}

/**
 * Watermarks come from marker events in the stream. They go out right behind their marker.
 *
 * @throws TidemarkError OPTION_INVALID
 * @example markers({ timestamp: (event) => event.at, watermark: (event) => event.type === 'marker' ? event.at : undefined })
 */
export function markers<T>(options: MarkersOptions<T>): WatermarkStrategy<T> {
  requireKnownOptions('markers', options, { ...MONOTONOUS_OPTIONS, watermark: true })
  const { timestamp, watermark } = options
  if (typeof timestamp !== 'function' || typeof watermark !== 'function') {
    throw optionInvalid('markers', 'timestamp and watermark are functions of a value')
  }
  return strategy(
    'markers',
    // A marker is judged (valid? too far ahead?) by what it promises.
    { ...options, timestamp: (value: T) => watermark(value) ?? timestamp(value) },
    () => new Markers(watermark),
  )
}

/** No event time: windows and timers on it wait for the end of the input. */
export function noWatermarks(): WatermarkStrategy<unknown> {
  return strategy('noWatermarks', { idleAfter: false, maxSkew: false }, () => new Floor())
}

function strategy<T>(
  kind: string,
  options: MonotonousOptions<T>,
  generator: () => WatermarkGenerator<T>,
): WatermarkStrategy<T> {
  if (options.timestamp !== undefined && typeof options.timestamp !== 'function') {
    throw optionInvalid(kind, `timestamp is a function of a value, found ${typeof options.timestamp}`)
  }
  const maxDriftMs = millisOf(options.maxDrift ?? false)
  const { alignmentGroup } = options
  requireGroup(kind, alignmentGroup, maxDriftMs)
  return Object.freeze({
    kind,
    ...(options.timestamp && { timestamp: options.timestamp }),
    generator,
    idleAfterMs: millisOf(options.idleAfter ?? DEFAULT_IDLE_AFTER),
    maxSkewMs: millisOf(options.maxSkew ?? DEFAULT_MAX_SKEW),
    maxDriftMs,
    ...(alignmentGroup !== undefined && { alignmentGroup }),
  })
}

function requireGroup(kind: string, group: unknown, maxDriftMs: number | undefined): void {
  if (group === undefined) return
  if (typeof group !== 'string' || group === '') {
    throw optionInvalid(kind, `alignmentGroup is a name, found ${group === '' ? 'an empty one' : typeof group}`)
  }
  if (maxDriftMs !== undefined) return
  throw optionInvalid(
    kind,
    `alignmentGroup '${group}' needs maxDrift beside it: how far its splits may be ahead of the slowest one of the group, such as minutes(5)`,
  )
}

function millisOf(duration: Duration | false): number | undefined {
  if (duration === false) return undefined
  if (duration.ms >= 0) return duration.ms
  throw optionInvalid('watermarks', 'idleAfter, maxSkew and maxDrift are durations, such as seconds(60), or false')
}

class Floor implements WatermarkGenerator<unknown> {
  private floor = MIN_WATERMARK

  onRecord(): boolean {
    return false
  }

  current(): number {
    return this.floor
  }

  restore(watermark: number): void {
    this.floor = watermark
  }
}

class Bounded implements WatermarkGenerator<unknown> {
  private readonly behindMs: number
  private latest = MIN_WATERMARK
  private floor = MIN_WATERMARK

  constructor(delayMs: number) {
    this.behindMs = delayMs + 1
  }

  onRecord(_value: unknown, timestamp: number): boolean {
    if (timestamp > this.latest) this.latest = timestamp
    return false
  }

  current(): number {
    return Math.max(this.latest - this.behindMs, this.floor)
  }

  restore(watermark: number): void {
    this.floor = watermark
  }
}

class Markers<T> implements WatermarkGenerator<T> {
  private readonly watermarkOf: (value: T) => number | undefined
  private watermark = MIN_WATERMARK

  constructor(watermarkOf: (value: T) => number | undefined) {
    this.watermarkOf = watermarkOf
  }

  onRecord(value: T): boolean {
    const watermark = this.watermarkOf(value)
    if (watermark === undefined || !(watermark > this.watermark)) return false
    this.watermark = watermark
    return true
  }

  current(): number {
    return this.watermark
  }

  restore(watermark: number): void {
    this.watermark = watermark
  }
}
