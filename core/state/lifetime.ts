import type { Counter } from '../context.js'
import type { Clock } from '../environment.js'
import type { Ttl } from './ttl.js'

export interface LifetimeOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Counts what was removed because it had expired. */
  readonly removed: Counter | undefined
}

/** A state's time to live, by a clock. */
export class Lifetime {
  readonly ms: number
  readonly isRenewedByReads: boolean
  readonly showsExpired: boolean
  private readonly clock: Pick<Clock, 'now'>
  private readonly removed: Counter | undefined

  constructor({ after, update = 'onWrite', expired = 'never' }: Ttl, { clock, removed }: LifetimeOptions) {
    this.ms = after.ms
    this.isRenewedByReads = update === 'onReadAndWrite'
    this.showsExpired = expired === 'untilCleaned'
    this.clock = clock
    this.removed = removed
  }

  now(): number {
    return this.clock.now()
  }

  countRemoved(count: number): void {
    this.removed?.add(count)
  }
}
