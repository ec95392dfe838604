import type { Duration } from '../duration.js'
import { optionInvalid, requireChoice, requireKnownOptions } from '../options.js'

/**
 * How long values of a state are kept, by the wall clock: one has expired when `after` has passed since its last access.
 * Of a list each element has a time of its own, of a map each entry.
 */
export interface Ttl {
  /** More than nothing. */
  readonly after: Duration
  /** What counts as access: to write it, which is the default, or also to read it. */
  readonly update?: 'onWrite' | 'onReadAndWrite'
  /** Whether an expired value is seen: never, which is the default, or as long as it is there. */
  readonly expired?: 'never' | 'untilCleaned'
}

/** As declarations and specs of keyed state have it. */
export interface Expiring {
  /** Default: values are kept until they are cleared. See docs/ttl.md. */
  readonly ttl?: Ttl
}

/** @throws TidemarkError OPTION_INVALID */
export function requireTtl(where: string, ttl: Ttl | undefined): void {
  if (ttl === undefined) return
  const of = `${where}: ttl`
  requireKnownOptions(of, ttl, { after: true, update: true, expired: true })
  const ms: unknown = (ttl.after as Partial<Duration> | undefined)?.ms
  if (typeof ms !== 'number' || !(ms > 0 && ms < Number.POSITIVE_INFINITY)) {
    throw optionInvalid(of, 'after is a duration that is not zero, such as hours(1)')
  }
  requireChoice(of, { name: 'update', value: ttl.update, choices: ['onWrite', 'onReadAndWrite'] })
  requireChoice(of, { name: 'expired', value: ttl.expired, choices: ['never', 'untilCleaned'] })
}
