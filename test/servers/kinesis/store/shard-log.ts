import { type NewRecord, Segment, type StoredRecord } from './segment.js'

export interface ReadLimits {
  readonly maxRecords: number
  readonly maxBytes: number
}

export interface LogRead {
  readonly records: readonly StoredRecord[]
  /** Whether a record lies behind the last one returned. */
  readonly hasMore: boolean
}

interface Place {
  readonly segment: number
  readonly index: number
}

const FIRST_SEGMENT_BYTES = 16 * 1024
const MAX_SEGMENT_BYTES = 1024 * 1024

/**
 * The records of one shard in the order of their counters, in segments that grow to 1 MiB. Counters and arrival times never
 * decrease, so both are found by binary search. The oldest segments are dropped whole.
 */
export class ShardLog {
  readonly #segments: Segment[] = []
  #records = 0
  #capacity = 0

  get records(): number {
    return this.#records
  }

  /** Bytes held by segments, including room not written yet. */
  get heldBytes(): number {
    return this.#capacity
  }

  get segments(): number {
    return this.#segments.length
  }

  /** The counter of the oldest record. */
  get oldestCounter(): number | undefined {
    return this.#segments[0]?.counterAt(0)
  }

  append(record: NewRecord, counter: number, arrivalMs: number): void {
    let segment = this.#segments.at(-1)
    if (segment === undefined || !segment.hasRoomFor(record)) {
      const wanted = segment === undefined ? FIRST_SEGMENT_BYTES : Math.min(segment.capacity * 2, MAX_SEGMENT_BYTES)
      segment = new Segment(Math.max(wanted, Segment.bytesNeeded(record)))
      this.#segments.push(segment)
      this.#capacity += segment.capacity
    }
    segment.append(record, counter, arrivalMs)
    this.#records++
  }

  /** Records with a counter of at least `fromCounter` that arrived at or after `notBeforeMs`. The first one always fits. */
  read(fromCounter: number, notBeforeMs: number, limits: ReadLimits): LogRead {
    const byCounter = this.#find((segment) => segment.indexOfCounter(fromCounter))
    const byArrival = this.#find((segment) => segment.indexOfArrival(notBeforeMs))
    let { segment: at, index } = later(byCounter, byArrival)
    const records: StoredRecord[] = []
    let bytes = 0
    for (; at < this.#segments.length; at++, index = 0) {
      const segment = this.#segments[at]!
      for (; index < segment.length; index++) {
        const size = segment.bytesAt(index)
        if (records.length === limits.maxRecords || (bytes + size > limits.maxBytes && records.length > 0)) {
          return { records, hasMore: true }
        }
        records.push(segment.recordAt(index))
        bytes += size
      }
    }
    return { records, hasMore: false }
  }

  /** The counter of the first record that arrived at or after `arrivalMs`. */
  counterAtArrival(arrivalMs: number): number | undefined {
    const place = this.#find((segment) => segment.indexOfArrival(arrivalMs))
    const segment = this.#segments[place.segment]
    return segment?.counterAt(place.index)
  }

  /** Drops the segments in which everything arrived before `arrivalMs`; says how many records went. */
  trimBefore(arrivalMs: number): number {
    let dropped = 0
    while (this.#segments.length > 0 && lastArrival(this.#segments[0]!) < arrivalMs) dropped += this.dropOldestSegment()
    return dropped
  }

  dropOldestSegment(): number {
    const segment = this.#segments.shift()
    if (segment === undefined) return 0
    this.#capacity -= segment.capacity
    this.#records -= segment.length
    return segment.length
  }

  /** `indexIn` is the lower bound within one segment: its length means that the place lies in a later one. */
  #find(indexIn: (segment: Segment) => number): Place {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const segment = this.#segments[middle]!
      if (indexIn(segment) === segment.length) low = middle + 1
      else high = middle
    }
    const segment = this.#segments[low]
    return { segment: low, index: segment === undefined ? 0 : indexIn(segment) }
  }
}

function lastArrival(segment: Segment): number {
  return segment.arrivalAt(segment.length - 1)
}

function later(a: Place, b: Place): Place {
  if (a.segment !== b.segment) return a.segment > b.segment ? a : b
  return a.index > b.index ? a : b
}
