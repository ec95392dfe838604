import type { CallResult, Pace } from '../../batching/pace.js'
import { costOf, type OutgoingRecord } from './outgoing.js'
import { PutRate } from './put-rate.js'

/** The shards of a stream take so much a second, however many calls it comes in. */
export class PutPace implements Pace<OutgoingRecord> {
  readonly calls: number
  readonly #rate: PutRate
  readonly gauge: Pace<OutgoingRecord>['gauge']

  constructor(calls: number, now: number) {
    this.calls = calls
    const rate = new PutRate(now)
    this.#rate = rate
    this.gauge = {
      name: 'recordsPerSecondLimit',
      read: () => (Number.isFinite(rate.perSecond) ? rate.perSecond : undefined),
    }
  }

  allowedAt(now: number): number {
    return this.#rate.allowedAt(now)
  }

  onCall(records: readonly OutgoingRecord[], now: number): void {
    this.#rate.onCall(costOf(records), now)
  }

  onResult({ records, failed, throttled, now }: CallResult<OutgoingRecord>): void {
    this.#rate.onAnswer(costOf(records) - costOf(failed), costOf(throttled), now)
  }
}
