import type { Outgoing } from './outgoing.js'

export interface BatchLimits {
  readonly maxRecordsPerCall: number
  readonly maxBytesPerCall: number
  /** How long a record may wait for others to fill its call. */
  readonly maxDelayMs: number
}

interface RetryGroup {
  readonly dueAt: number
  readonly records: readonly Outgoing[]
}

const COMPACT_FROM = 1024

/**
 * Records that wait to be put. Where order is kept, no record leaves while one of its order key is under way (Kinesis
 * promises no order within a call either, and may refuse the first of two and take the second).
 */
export class PutQueue {
  readonly #limits: BatchLimits
  readonly #isOrdered: boolean
  #ready: (Outgoing | undefined)[] = []
  #head = 0
  #readyBytes = 0
  /** By order key: those behind the one that is ready or under way. */
  readonly #behind = new Map<string, Outgoing[]>()
  #retries: RetryGroup[] = []

  constructor(limits: BatchLimits, isOrdered: boolean) {
    this.#limits = limits
    this.#isOrdered = isOrdered
  }

  add(record: Outgoing): void {
    if (this.#isOrdered) {
      const behind = this.#behind.get(record.orderKey)
      if (behind !== undefined) {
        behind.push(record)
        return
      }
      this.#behind.set(record.orderKey, [])
    }
    this.#push(record)
  }

  /** They go again, before all others, and before those of their order keys. */
  retry(records: readonly Outgoing[], dueAt: number): void {
    this.#retries.push({ dueAt, records })
  }

  acknowledged(record: Outgoing): void {
    if (!this.#isOrdered) return
    const behind = this.#behind.get(record.orderKey)
    const next = behind?.shift()
    if (next === undefined) this.#behind.delete(record.orderKey)
    else this.#push(next)
  }

  /**
   * When there is something worth a call: a full one, a record that has waited for long enough, a retry.
   * @param isUrgent nothing waits for others
   */
  dueAt(isUrgent: boolean): number {
    let dueAt = Number.POSITIVE_INFINITY
    for (const group of this.#retries) dueAt = Math.min(dueAt, group.dueAt)
    const oldest = this.#ready[this.#head]
    if (oldest === undefined) return dueAt
    const { maxRecordsPerCall, maxBytesPerCall, maxDelayMs } = this.#limits
    const isFull = this.#ready.length - this.#head >= maxRecordsPerCall || this.#readyBytes >= maxBytesPerCall
    return isFull || isUrgent ? 0 : Math.min(dueAt, oldest.takenAt + maxDelayMs)
  }

  /** The records of one call: retries that are due, then the oldest of the others. */
  take(now: number): Outgoing[] {
    const batch: Outgoing[] = []
    let bytes = 0
    const { maxRecordsPerCall, maxBytesPerCall } = this.#limits
    const fits = (record: Outgoing): boolean =>
      batch.length < maxRecordsPerCall && bytes + record.bytes <= maxBytesPerCall
    const put = (record: Outgoing): void => {
      batch.push(record)
      bytes += record.bytes
    }
    this.#retries = this.#retries.flatMap((group) => {
      if (group.dueAt > now) return [group]
      let from = 0
      for (; from < group.records.length && fits(group.records[from]!); from++) put(group.records[from]!)
      return from === group.records.length ? [] : [{ dueAt: group.dueAt, records: group.records.slice(from) }]
    })
    for (let next = this.#ready[this.#head]; next !== undefined && fits(next); next = this.#ready[this.#head]) {
      put(next)
      this.#readyBytes -= next.bytes
      // It is not held on to for as long as the array is.
      this.#ready[this.#head++] = undefined
    }
    if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#ready.length) {
      this.#ready = this.#ready.slice(this.#head)
      this.#head = 0
    }
    return batch
  }

  #push(record: Outgoing): void {
    this.#ready.push(record)
    this.#readyBytes += record.bytes
  }
}
