import type { KinesisNumbers } from './options.js'

export type PacerSettings = Pick<
  KinesisNumbers,
  | 'callsPerSecond'
  | 'bytesPerSecond'
  | 'pollIntervalMs'
  | 'maxPollIntervalMs'
  | 'maxRecordsPerCall'
  | 'targetBytesPerCall'
>

export interface CallOutcome {
  readonly startedAt: number
  readonly endedAt: number
  readonly records: number
  readonly bytes: number
  readonly isAtTip: boolean
}

/** Until the first answer says how large records are. */
const FIRST_LIMIT = 1000
/** Share of the newest answer in the mean size of a record. */
const SMOOTHING = 0.5

/** When a shard may be read next, and how many records to ask for. All times are monotonic milliseconds. */
export class Pacer {
  readonly #settings: PacerSettings
  #allowedAt = 0
  #dueAt = 0
  #emptyReads = 0
  #meanBytes: number | undefined

  constructor(settings: PacerSettings) {
    this.#settings = settings
  }

  /** The shard's limits allow no call before. */
  get allowedAt(): number {
    return this.#allowedAt
  }

  /** It makes sense to call again: later than `allowedAt` while there is nothing new. */
  get dueAt(): number {
    return Math.max(this.#allowedAt, this.#dueAt)
  }

  /** One answer should be about `targetBytesPerCall`: its deserialisation holds the event loop. */
  get limit(): number {
    const { maxRecordsPerCall, targetBytesPerCall } = this.#settings
    if (this.#meanBytes === undefined) return Math.min(FIRST_LIMIT, maxRecordsPerCall)
    return Math.max(1, Math.min(maxRecordsPerCall, Math.floor(targetBytesPerCall / Math.max(1, this.#meanBytes))))
  }

  /** A call that failed counts against the limits too. */
  onCall(startedAt: number): void {
    this.#allowedAt = startedAt + 1000 / this.#settings.callsPerSecond
  }

  onAnswer(outcome: CallOutcome): void {
    const { bytesPerSecond, pollIntervalMs, maxPollIntervalMs } = this.#settings
    const { startedAt, endedAt, records, bytes, isAtTip } = outcome
    this.#allowedAt = Math.max(this.#allowedAt, startedAt + (bytes * 1000) / bytesPerSecond)
    if (records > 0) {
      const mean = bytes / records
      this.#meanBytes = this.#meanBytes === undefined ? mean : this.#meanBytes + (mean - this.#meanBytes) * SMOOTHING
    }
    this.#emptyReads = isAtTip && records === 0 ? this.#emptyReads + 1 : 0
    const wait = Math.min(
      pollIntervalMs * 2 ** Math.min(this.#emptyReads, 20),
      Math.max(pollIntervalMs, maxPollIntervalMs),
    )
    this.#dueAt = isAtTip ? endedAt + wait : 0
  }

  /** Forgets the wait at the tip, not the limits. */
  hurry(): void {
    this.#dueAt = 0
  }
}
