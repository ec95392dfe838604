import type { ReaderContext } from '../../core/connector.js'
import { isManyDecoder, type RecordDecoding, type RecordPiece } from '../../core/decode/index.js'
import {
  type Aggregate,
  type HashKeyRange,
  hashKeyRange,
  isWholeRange,
  looksAggregated,
  openAggregate,
} from './aggregation/index.js'
import type { KinesisDecoder, KinesisRecordMeta } from './options.js'
import type { FetchedRecord, RecordBuffer } from './record-buffer.js'
import type { ShardMetrics } from './shard-metrics.js'
import type { KinesisSplit, ShardPosition } from './split.js'

export interface RecordUnpackerOptions<T> {
  readonly split: KinesisSplit
  readonly decode: KinesisDecoder<T>
  readonly decoding: RecordDecoding<T>
  readonly buffer: RecordBuffer
  /** Filled in before each value is decoded. */
  readonly meta: MutableRecordMeta
  readonly context: ReaderContext
  readonly metrics: Pick<ShardMetrics, 'userRecords' | 'damagedAggregates' | 'foreignUserRecords'>
}

export type MutableRecordMeta = { -readonly [K in keyof KinesisRecordMeta]: KinesisRecordMeta[K] }

/** Records differ a thousandfold in what they cost. Past this a poll gives what it has. */
const LONGEST_POLL_MS = 10
/** About what is done between two looks at the clock, in bytes. */
const BYTES_A_LOOK = 32 * 1024
const BYTES_A_STEP = 256

/** Where reading goes on inside the first record. */
type Resume = ShardPosition & { readonly kind: 'after' }

/**
 * Takes records off the buffer and decodes them, one value after the other: of an aggregated record its user records
 * that belong to the shard, of those as many values as the decoder finds. Invariants:
 * 1. A record stays in the buffer until its last value has been taken.
 * 2. The position stands behind the last value, or behind the last record that had none.
 */
export class RecordUnpacker<T> {
  readonly #options: RecordUnpackerOptions<T>
  readonly #pieces:
    | ((bytes: Uint8Array, record: KinesisRecordMeta) => Iterable<RecordPiece<T, KinesisRecordMeta>>)
    | undefined
  readonly #range: HashKeyRange | undefined
  #resume: Resume | undefined
  /** The record at the head of the buffer, while it is being taken apart. */
  #record: FetchedRecord | undefined
  #aggregate: Aggregate | undefined
  #userData: Uint8Array = new Uint8Array()
  /** `meta.offset` of the record or user record as a whole. */
  #offset = ''
  #open: Iterator<RecordPiece<T, KinesisRecordMeta>> | undefined
  /** Of the last value taken; -1: none yet. */
  #valueIndex = -1
  /** Where it stands before anything was taken. */
  readonly #start: ShardPosition
  /** Behind what it stands: made into a position when somebody asks. */
  #after: FetchedRecord | undefined
  #afterUserRecord: number | null = null
  #afterValue: number | undefined

  constructor(options: RecordUnpackerOptions<T>) {
    const { split, decode } = options
    this.#options = options
    this.#pieces = isManyDecoder(decode) ? decode.pieces : undefined
    const range = hashKeyRange(split.hashRange)
    this.#range = isWholeRange(range) ? undefined : range
    this.#start = split.position
    this.#resume = split.position.kind === 'after' ? split.position : undefined
  }

  get position(): ShardPosition {
    if (this.#after === undefined) return this.#start
    const { sequenceNumber } = this.#after
    const valueIndex = this.#afterValue
    const position = { kind: 'after', sequenceNumber, subSequence: this.#afterUserRecord } as const
    return valueIndex === undefined ? position : { ...position, valueIndex }
  }

  /** Arrival time of the record that the position speaks of; undefined where none was taken. */
  get readUpTo(): number | undefined {
    return this.#after?.arrivedAt
  }

  /** Up to so many values, fewer when they take long. True: there is more in the buffer. */
  decodeUpTo(maxRecords: number): boolean {
    const { decoding, context, buffer } = this.#options
    const { clock } = context.environment
    const startedAt = clock.monotonic()
    let bytes = 0
    while (decoding.size < maxRecords) {
      const record = this.#record ?? buffer.peek()
      if (record === undefined) return false
      bytes += BYTES_A_STEP + (this.#record === undefined ? record.data.byteLength : 0)
      // What is taken apart may be a thousand times as large as it came: a look behind each, so that it holds nobody up twice.
      if (this.#pieces !== undefined && this.#open === undefined) bytes = BYTES_A_LOOK
      this.#step(record)
      if (bytes < BYTES_A_LOOK) continue
      bytes = 0
      if (clock.monotonic() - startedAt >= LONGEST_POLL_MS) break
    }
    return buffer.count > 0
  }

  /** One value, or one record that has none. When it throws, the position stands before what it threw at. */
  #step(record: FetchedRecord): void {
    if (this.#open) this.#takePiece(this.#open)
    else if (this.#aggregate) this.#takeUserRecord(this.#aggregate)
    else this.#openRecord(record)
  }

  #openRecord(record: FetchedRecord): void {
    const { meta, metrics } = this.#options
    const resume = this.#resume?.sequenceNumber === record.sequenceNumber ? this.#resume : undefined
    const { data, sequenceNumber } = record
    const aggregate = looksAggregated(data) ? openAggregate(data, this.#range) : undefined
    meta.sequenceNumber = sequenceNumber
    meta.partitionKey = record.partitionKey
    meta.arrivedAt = record.arrivedAt
    meta.explicitHashKey = undefined
    meta.subSequenceNumber = undefined
    if (aggregate) {
      this.#resume = undefined
      this.#record = record
      this.#aggregate = aggregate
      this.#goOnInside(aggregate, resume)
      return
    }
    if (looksAggregated(data)) metrics.damagedAggregates.add()
    this.#record = record
    this.#takeData(data, { offset: sequenceNumber, skip: resume?.valueIndex ?? -1 })
    this.#resume = undefined
  }

  /** Restored in the middle of an aggregated record: past what was read of it. */
  #goOnInside(aggregate: Aggregate, resume: Resume | undefined): void {
    const read = resume?.subSequence ?? -1
    const partlyRead = resume?.valueIndex
    const last = partlyRead === undefined ? read : read - 1
    while (aggregate.index < last && aggregate.next());
    if (partlyRead !== undefined && aggregate.next()) this.#takeUserData(aggregate, partlyRead)
    else if (aggregate.index + 1 >= aggregate.count) this.#endRecord()
  }

  #takeUserRecord(aggregate: Aggregate): void {
    // It was not its last one, as `#endData` has seen.
    aggregate.next()
    this.#takeUserData(aggregate, -1)
  }

  #takeUserData(aggregate: Aggregate, skip: number): void {
    const { meta, metrics } = this.#options
    if (!aggregate.isInShard) {
      metrics.foreignUserRecords.add()
      this.#endData()
      return
    }
    const { index } = aggregate
    meta.subSequenceNumber = index
    meta.partitionKey = aggregate.partitionKey
    meta.explicitHashKey = aggregate.explicitHashKey
    this.#takeData(aggregate.data, { offset: `${meta.sequenceNumber}/${index}`, skip })
    metrics.userRecords.add()
  }

  /** @param from.skip index of the last value that was taken before */
  #takeData(data: Uint8Array, from: { readonly offset: string; readonly skip: number }): void {
    const { decoding, meta } = this.#options
    this.#offset = from.offset
    meta.offset = from.offset
    if (this.#pieces === undefined) {
      decoding.decode(data, meta, data)
      this.#endData()
      return
    }
    this.#userData = data
    this.#valueIndex = -1
    try {
      const open = this.#pieces(data, meta)[Symbol.iterator]()
      this.#open = open
      while (this.#valueIndex < from.skip && !open.next().done) this.#valueIndex++
    } catch (thrown) {
      this.#rejectRest(thrown)
    }
  }

  #takePiece(open: Iterator<RecordPiece<T, KinesisRecordMeta>>): void {
    const { decoding, meta } = this.#options
    let next: IteratorResult<RecordPiece<T, KinesisRecordMeta>>
    try {
      next = open.next()
    } catch (thrown) {
      this.#rejectRest(thrown)
      return
    }
    if (next.done) {
      this.#endData()
      return
    }
    const valueIndex = this.#valueIndex + 1
    meta.offset = `${this.#offset}#${valueIndex}`
    decoding.decodePiece(next.value, meta)
    this.#valueIndex = valueIndex
    this.#advance(this.#aggregate?.index ?? null, valueIndex)
  }

  /** What cuts the record failed: the values before were given, the rest is one malformed record. */
  #rejectRest(thrown: unknown): void {
    const { decoding, meta } = this.#options
    if (this.#valueIndex >= 0) meta.offset = `${this.#offset}#${this.#valueIndex + 1}`
    decoding.rejectThrown(thrown, meta, this.#userData)
    this.#endData()
  }

  #endData(): void {
    this.#open = undefined
    const aggregate = this.#aggregate
    if (aggregate === undefined || aggregate.index + 1 === aggregate.count) this.#endRecord()
    else this.#advance(aggregate.index)
  }

  #endRecord(): void {
    this.#advance(null)
    this.#record = undefined
    this.#aggregate = undefined
    this.#options.buffer.drop()
  }

  #advance(userRecord: number | null, value?: number): void {
    this.#after = this.#record
    this.#afterUserRecord = userRecord
    this.#afterValue = value
  }
}
