import { isPromise } from '../../promises.js'
import type { Aggregate } from '../aggregate.js'
import { combinedAdd, promisedBy, withField } from './combined-add.js'
import { fieldName } from './field-name.js'
import { invalidSetting } from './invalid.js'
import type { AnyAggregate, PlainAggregates, Results } from './types.js'

type Part = AnyAggregate<unknown>

/**
 * One aggregate out of several: its result is a row with the result of each under its name. What `aggregate` on a windowed
 * stream makes of its record. Its accumulator is the list of theirs, in the order of the fields; it can retract where all
 * of them can. Selectors are called once a value and a field, in that order.
 * @throws TidemarkError AGGREGATE_SETTING_INVALID for an empty record, a field called `__proto__`, or what is no aggregate.
 */
export function combine<T, As extends Readonly<Record<string, AnyAggregate<T>>>>(
  aggregates: As & Readonly<Record<string, AnyAggregate<T>>> & PlainAggregates<As>,
): Aggregate<T, unknown[], Results<As>>
export function combine(
  aggregates: Readonly<Record<string, Part>>,
): Aggregate<unknown, unknown[], Record<string, unknown>> {
  const fields = Object.keys(aggregates)
  const parts = Object.values(aggregates)
  requireAggregates(fields, parts)
  const settled = (at: number, call: string, found: unknown): unknown => {
    if (isPromise(found)) throw withField(fields[at]!, promisedBy(parts[at]!, call, found))
    return found
  }
  const combined: Aggregate<unknown, unknown[], Record<string, unknown>> = {
    kind: `{ ${fields.map((field, i) => `${fieldName(field)}: ${parts[i]!.kind}`).join(', ')} }`,
    create() {
      const accumulators: unknown[] = []
      for (let at = 0; at < parts.length; at++) accumulators.push(settled(at, 'create', parts[at]!.create()))
      return accumulators
    },
    add: combinedAdd(fields, parts),
    merge(left, right) {
      for (let at = 0; at < parts.length; at++) {
        left[at] = settled(at, 'merge', parts[at]!.merge(left[at], right[at]))
      }
      return left
    },
    result(accumulators) {
      const row: Record<string, unknown> = {}
      for (let at = 0; at < parts.length; at++) {
        row[fields[at]!] = settled(at, 'result', parts[at]!.result(accumulators[at]))
      }
      return row
    },
  }
  return Object.freeze(
    parts.every(canRetract) ? { ...combined, retract: retractAll(parts.filter(canRetract)) } : combined,
  )
}

type Retractable = Part & Required<Pick<Part, 'retract'>>

function canRetract(part: Part): part is Retractable {
  return part.retract !== undefined
}

function retractAll(parts: readonly Retractable[]) {
  return (accumulators: unknown[], value: unknown, timestamp: number): unknown[] => {
    for (let at = 0; at < parts.length; at++) accumulators[at] = parts[at]!.retract(accumulators[at], value, timestamp)
    return accumulators
  }
}

function requireAggregates(fields: readonly string[], parts: readonly unknown[]): void {
  if (fields.length === 0) throw invalidSetting('combine', 'at least one aggregate is needed', 'an empty record')
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at]!
    if (field === '__proto__') throw invalidSetting('combine', 'a field needs another name', field)
    const part = parts[at]
    if (typeof part !== 'object' || part === null || !('add' in part) || typeof part.add !== 'function') {
      throw invalidSetting('combine', `field ${fieldName(field)} must be an aggregate, such as count()`, part)
    }
  }
}
