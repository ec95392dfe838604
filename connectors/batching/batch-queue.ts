export interface BatchLimits {
  readonly maxRecordsPerCall: number
  readonly maxBytesPerCall: number
  /** How long a record may wait for others to fill its call. */
  readonly maxDelayMs: number
}

/** What waits to be sent together with others. */
export interface Queued {
  readonly bytes: number
  /** Of two records with the same one the second waits for the first, where order is kept. */
  readonly orderKey: string
  /** When it was taken, monotonic. */
  readonly takenAt: number
}

interface RetryGroup<R> {
  readonly dueAt: number
  readonly records: readonly R[]
  /** They are a call of their own. */
  readonly isAlone: boolean
}

const COMPACT_FROM = 1024
/** Behind most records of a key there is none: no array is made for them. */
const NONE: readonly never[] = []

/**
 * Records that wait to be sent. Where order is kept, no record leaves while one of its order key is under way: services
 * that take many records at once may refuse the first of two and take the second.
 */
export class BatchQueue<R extends Queued> {
  readonly #limits: BatchLimits
  readonly #isOrdered: boolean
  #maxBytes: number
  #ready: (R | undefined)[] = []
  #head = 0
  #readyBytes = 0
  /** By order key: those behind the one that is ready or under way. */
  readonly #behind = new Map<string, R[] | readonly never[]>()
  #retries: RetryGroup<R>[] = []

  constructor(limits: BatchLimits, isOrdered: boolean) {
    this.#limits = limits
    this.#isOrdered = isOrdered
    this.#maxBytes = limits.maxBytesPerCall
  }

  add(record: R): void {
    if (this.#isOrdered) {
      const behind = this.#behind.get(record.orderKey)
      if (behind !== undefined) {
        if (behind === NONE) this.#behind.set(record.orderKey, [record])
        // Only NONE is read-only.
        else (behind as R[]).push(record)
        return
      }
      this.#behind.set(record.orderKey, NONE)
    }
    this.#push(record)
  }

  /**
   * They go again, before all others, and before those of their order keys.
   * @param isAlone no other records share their call
   */
  retry(records: readonly R[], dueAt: number, isAlone = false): void {
    this.#retries.push({ dueAt, records, isAlone })
  }

  /** The service took, or was spared, a record: the next of its order key may go. */
  acknowledged(record: R): void {
    if (!this.#isOrdered) return
    const behind = this.#behind.get(record.orderKey)
    const next = behind === NONE ? undefined : (behind as R[] | undefined)?.shift()
    if (next === undefined) this.#behind.delete(record.orderKey)
    else this.#push(next)
  }

  /** From now on a call is no larger: what was larger was refused. */
  limitBytes(maxBytes: number): void {
    this.#maxBytes = Math.min(this.#maxBytes, Math.max(1, maxBytes))
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
    const { maxRecordsPerCall, maxDelayMs } = this.#limits
    const isFull = this.#ready.length - this.#head >= maxRecordsPerCall || this.#readyBytes >= this.#maxBytes
    return isFull || isUrgent ? 0 : Math.min(dueAt, oldest.takenAt + maxDelayMs)
  }

  /** The records of one call: retries that are due, then the oldest of the others. At least one, whatever its size. */
  take(now: number): R[] {
    const alone = this.#retries.find(({ dueAt, isAlone }) => isAlone && dueAt <= now)
    if (alone !== undefined) {
      this.#retries = this.#retries.filter((group) => group !== alone)
      return [...alone.records]
    }
    const batch: R[] = []
    let bytes = 0
    const fits = (record: R): boolean =>
      batch.length === 0 || (batch.length < this.#limits.maxRecordsPerCall && bytes + record.bytes <= this.#maxBytes)
    const put = (record: R): void => {
      batch.push(record)
      bytes += record.bytes
    }
    this.#retries = this.#retries.flatMap((group) => {
      if (group.dueAt > now) return [group]
      let from = 0
      for (; from < group.records.length && fits(group.records[from]!); from++) put(group.records[from]!)
      return from === group.records.length ? [] : [{ ...group, records: group.records.slice(from) }]
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

  #push(record: R): void {
    this.#ready.push(record)
    this.#readyBytes += record.bytes
  }
}
