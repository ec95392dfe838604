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

/** A throttled call halves the pace, down to this part of it; good answers give it back step by step. */
const LEAST_SHARE = 1 / 16
const RECOVERY = 1 / 32
/** A slower pace is made up for by larger answers, up to this many times. */
const LARGEST_ANSWER = 4

/**
 * When a shard may be read next, and how many records to ask for. All times are monotonic milliseconds. The limits of a
 * shard hold over all its consumers, whom nobody can see: additive increase and multiplicative decrease let them share.
 */
export class Pacer {
  readonly #settings: PacerSettings
  #allowedAt = 0
  #dueAt = 0
  #emptyReads = 0
  #meanBytes: number | undefined
  #share = 1

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
    const bytes = targetBytesPerCall * Math.min(LARGEST_ANSWER, 1 / this.#share)
    return Math.max(1, Math.min(maxRecordsPerCall, Math.floor(bytes / Math.max(1, this.#meanBytes))))
  }

  /** A call that failed counts against the limits too. */
  onCall(startedAt: number): void {
    this.#allowedAt = startedAt + 1000 / (this.#settings.callsPerSecond * this.#share)
  }

  onThrottled(): void {
    this.#share = Math.max(LEAST_SHARE, this.#share / 2)
  }

  onAnswer(outcome: CallOutcome): void {
    const { bytesPerSecond, pollIntervalMs, maxPollIntervalMs } = this.#settings
    const { startedAt, endedAt, records, bytes, isAtTip } = outcome
    this.#share = Math.min(1, this.#share + RECOVERY)
    this.#allowedAt = Math.max(this.#allowedAt, startedAt + (bytes * 1000) / (bytesPerSecond * this.#share))
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
