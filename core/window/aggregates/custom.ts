import type { PlainResult } from '../../no-promise.js'
import { isPromise, silence } from '../../promises.js'
import type { Aggregate } from '../aggregate.js'
import { invalidSetting, requireFunction } from './invalid.js'

/**
 * An aggregate of one's own; types are inferred from its functions. The rules are those of `Aggregate`: `merge` leaves its
 * right side alone, `result` the accumulator, and merging the parts of any split gives what adding everything gives.
 *
 * @example
 * const longest = aggregate({
 *   kind: 'longest',
 *   create: () => '',
 *   add: (longest, word: string) => (word.length > longest.length ? word : longest),
 *   merge: (left, right) => (right.length > left.length ? right : left),
 *   result: (longest) => longest,
 * })
 * @throws TidemarkError AGGREGATE_SETTING_INVALID for an empty `kind`, a missing function, or a `create` that makes nothing
 * or a promise.
 */
export function aggregate<T, A, R>(definition: Aggregate<T, A, R> & PlainResult<A | R>): Aggregate<T, A, R> {
  const { kind } = definition
  if (typeof kind !== 'string' || kind === '') {
    throw invalidSetting('aggregate', 'kind must be a text that names the aggregate and its settings', kind)
  }
  for (const name of ['create', 'add', 'merge', 'result'] as const) {
    requireFunction(kind, name, definition[name])
  }
  if (definition.retract !== undefined) requireFunction(kind, 'retract', definition.retract)
  const created: unknown = definition.create()
  if (created === undefined || typeof created === 'function' || isPromise(created)) {
    silence(created)
    throw invalidSetting(kind, 'create must return the accumulator, plain data', created)
  }
  return definition
}
