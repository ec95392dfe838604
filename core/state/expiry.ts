import type { Metrics } from '../context.js'
import type { Clock } from '../environment.js'
import type { LeftOut } from './evolving-table.js'
import { ExpiryCleaner } from './expiry-cleaner.js'
import type { Leaf } from './leaf.js'
import type { LeafTable } from './leaf-table.js'
import { Lifetime } from './lifetime.js'
import { ttlWithoutClock } from './state-error.js'
import type { Aging } from './timed.js'
import type { Ttl } from './ttl.js'

export interface ExpiryOptions {
  readonly operatorId: string
  /** The wall clock, for state with a time to live. */
  readonly clock?: Pick<Clock, 'now'>
  readonly metrics?: Pick<Metrics, 'counter'>
}

/** What the states of an operator that have a time to live share. */
export class Expiry {
  private readonly options: ExpiryOptions
  private readonly cleaners: ExpiryCleaner[] = []

  constructor(options: ExpiryOptions) {
    this.options = options
  }

  lifetimeOf(state: string, ttl: Ttl): Lifetime {
    const { operatorId, clock, metrics } = this.options
    if (clock === undefined) throw ttlWithoutClock(operatorId, state)
    return new Lifetime(ttl, { clock, removed: metrics?.counter(`state_${state}_expired`) })
  }

  /** What has expired in the table will go. The result is to be called when a value comes. */
  watch(table: LeafTable, lifetime: Lifetime): () => void {
    const cleaner = new ExpiryCleaner(table, lifetime)
    this.cleaners.push(cleaner)
    return () => cleaner.created()
  }

  /** Between batches: removes some of what has expired. */
  clean(): void {
    for (const cleaner of this.cleaners) cleaner.run()
  }
}

/** Of a table with times: nothing of an entry is left. */
export function isOver(lifetime: Lifetime): LeftOut {
  return (entry) => {
    // Of spaces nothing is ever written.
    const held = (entry as Leaf).value as Aging
    return held.countExpired(lifetime.ms, lifetime.now()) === held.length
  }
}
