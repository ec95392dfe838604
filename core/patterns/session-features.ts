import type { CompileError } from '../compile-error.js'
import type { Duration } from '../duration.js'
import { errorPolicyOf } from '../operators/guard/error-policy.js'
import type { Key } from '../state/key.js'
import type { KeyedStream } from '../stream/keyed-stream.js'
import { PROCESS_OPTIONS } from '../stream/placement.js'
import type { None, ProcessOptions } from '../stream/stream.js'
import type { WindowResults } from '../stream/windowed-stream.js'
import type { AnyAggregate, PlainAggregates, Results } from '../window/aggregates/index.js'
import { session, type TimeWindow } from '../window/index.js'
import { type SessionTimes, sessionTimes } from './session-times.js'
import { invalid, millisOf, nameOf, type Place, requireOptions } from './settings.js'
import { withStreams } from './with-streams.js'

type Features<T> = Readonly<Record<string, AnyAggregate<T>>>
type Taken = CompileError<'The row has a field of this name already. Call the feature something else.'>

export interface SessionFeaturesOptions<in T, As extends Features<T> = None> extends ProcessOptions {
  /** A session ends when no record of the key follows within this time. */
  readonly gap: Duration
  /** How long after its end a session is kept for late records: each gives its row again, with everything. Default 0. */
  readonly allowedLateness?: Duration
  /** What else is wanted of the records of a session, by name: `{ pages: distinct((hit) => hit.page) }`. */
  readonly features?: As & { readonly [Name in keyof SessionRow<Key>]?: Taken } & PlainAggregates<As>
}

interface SessionRow<out K extends Key> extends SessionTimes {
  readonly key: K
  /** From the first record to a gap behind the last one. */
  readonly window: TimeWindow
}

/** Simplified, so that a tooltip shows the row's fields. */
export type SessionFeatures<K extends Key, As> = {
  readonly [Name in keyof As | keyof SessionRow<K>]: Name extends keyof SessionRow<K>
    ? SessionRow<K>[Name]
    : Name extends keyof As
      ? Results<As>[Name]
      : never
}

/** What a row has before the user's features. */
const FIELDS: Readonly<Record<keyof SessionRow<Key>, true>> = {
  key: true,
  window: true,
  count: true,
  startedAt: true,
  endedAt: true,
  durationMs: true,
  meanGapMs: true,
}

/**
 * One row for each session of a key: how many records, from when to when, how far apart, and what else is asked for.
 * Records that are at most `gap` apart are one session, in whatever order they come. The row comes when the watermark
 * has passed the gap behind the last record.
 * @param id unique in the job: its state is found by it in savepoints.
 * @example
 * hits.keyBy((hit) => hit.visitor).pipe(
 *   sessionFeatures('visits', { gap: minutes(30), features: { pages: distinct((hit) => hit.page) } }),
 * )
 * @throws TidemarkError GRAPH_STEP_INVALID, OPTION_INVALID
 */
export function sessionFeatures<K extends Key, T, As extends Features<T> = None>(
  id: string,
  options: SessionFeaturesOptions<T, As>,
): (keyed: KeyedStream<K, T>) => WindowResults<SessionFeatures<K, As>, T> {
  const place = { step: 'sessionFeatures', id }
  requireOptions(place, options, { gap: true, allowedLateness: true, features: true, ...PROCESS_OPTIONS })
  const { gap, allowedLateness = { ms: 0 }, features = {} } = options
  millisOf(place, 'gap', gap)
  millisOf(place, 'allowedLateness', allowedLateness, 0)
  requireFeatures(place, features)
  return (keyed) => {
    if (typeof (keyed as Partial<typeof keyed> | undefined)?.window !== 'function') {
      throw invalid(place, `expected a keyed stream: stream.keyBy((value) => ...).pipe(sessionFeatures('${id}', ...))`)
    }
    const { gap: _, allowedLateness: __, features: ___, ...stepOptions } = options
    const rows = keyed
      .window(session(gap))
      .allowedLateness(allowedLateness)
      // Under a name that no feature has: it is taken.
      .aggregate<Features<T>>(id, { ...(features as Features<T>), count: sessionTimes() }, stepOptions)
    const flat = rows.map(
      // The fields are those that SessionFeatures lists.
      (row) => ({ ...row, ...(row['count'] as unknown as SessionTimes) }) as unknown as SessionFeatures<K, As>,
      { name: 'sessionFeatures' },
    )
    const isHandedOn = errorPolicyOf(nameOf(place), options.onError)?.action === 'deadLetter'
    return withStreams(flat, { late: rows.late, ...(isHandedOn && { failed: rows.failed }) })
  }
}

/** @throws TidemarkError GRAPH_STEP_INVALID */
function requireFeatures(place: Place, features: unknown): void {
  if (typeof features !== 'object' || features === null) {
    throw invalid(place, 'expected features to be aggregates by name, such as { pages: distinct((hit) => hit.page) }')
  }
  for (const [name, feature] of Object.entries(features)) {
    if (Object.hasOwn(FIELDS, name)) throw invalid(place, `a feature cannot be called '${name}', the row has that`)
    if (typeof (feature as Partial<AnyAggregate<unknown>> | undefined)?.add === 'function') continue
    throw invalid(place, `expected feature '${name}' to be an aggregate, such as count()`)
  }
}
