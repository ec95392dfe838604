import { TidemarkError } from '../../errors.js'
import { isPromise, promiseInvalid } from '../../promises.js'
import { fieldName } from './field-name.js'
import type { AnyAggregate } from './types.js'

type Part = AnyAggregate<unknown>
const OF_AGGREGATES: ReadonlySet<string> = new Set(['AGGREGATE_VALUE_INVALID', 'USER_FUNCTION_RETURNED_PROMISE'])

type Add = (accumulators: unknown[], value: unknown, timestamp: number) => unknown[]

/**
 * The `add` of several aggregates over the list of their accumulators. One and two fields, the usual cases, go without the
 * loop: V8 then inlines the parts where a job has one such step (measured on two fields: 8 against 18 ns a record).
 */
export function combinedAdd(fields: readonly string[], parts: readonly Part[]): Add {
  const [one, two] = parts
  if (parts.length === 1) return addOne(fields, one!)
  if (parts.length === 2) return addTwo(fields, one!, two!)
  return addAll(fields, parts)
}

function addOne(fields: readonly string[], part: Part): Add {
  return (accumulators, value, timestamp) => {
    try {
      const before = accumulators[0]
      const after = part.add(before, value, timestamp)
      if (mayWait(before, after)) requireSettled(part, after)
      accumulators[0] = after
    } catch (thrown) {
      throw withField(fields[0]!, thrown)
    }
    return accumulators
  }
}

function addTwo(fields: readonly string[], one: Part, two: Part): Add {
  return (accumulators, value, timestamp) => {
    let at = 0
    try {
      const first = accumulators[0]
      const firstAfter = one.add(first, value, timestamp)
      if (mayWait(first, firstAfter)) requireSettled(one, firstAfter)
      accumulators[0] = firstAfter
      at = 1
      const second = accumulators[1]
      const secondAfter = two.add(second, value, timestamp)
      if (mayWait(second, secondAfter)) requireSettled(two, secondAfter)
      accumulators[1] = secondAfter
    } catch (thrown) {
      throw withField(fields[at]!, thrown)
    }
    return accumulators
  }
}

function addAll(fields: readonly string[], parts: readonly Part[]): Add {
  return (accumulators, value, timestamp) => {
    let at = 0
    try {
      for (; at < parts.length; at++) {
        const before = accumulators[at]
        const after = parts[at]!.add(before, value, timestamp)
        if (mayWait(before, after)) requireSettled(parts[at]!, after)
        accumulators[at] = after
      }
    } catch (thrown) {
      throw withField(fields[at]!, thrown)
    }
    return accumulators
  }
}

/** Most aggregates keep a number, or change in place what they have: the others cost a look. */
function mayWait(before: unknown, after: unknown): boolean {
  return typeof after === 'object' && after !== before
}

function requireSettled(part: Part, after: unknown): void {
  if (isPromise(after)) throw promisedBy(part, 'add', after)
}

export function promisedBy(part: Part, call: string, found: unknown): TidemarkError {
  return promiseInvalid(found, `${part.kind}: ${call}`)
}

/** Names the field in an aggregate's own errors; what the user's function threw passes as it is. */
export function withField(field: string, thrown: unknown): unknown {
  if (!(thrown instanceof TidemarkError) || !OF_AGGREGATES.has(thrown.code)) return thrown
  const { code, domain } = thrown
  return new TidemarkError({ code, domain, message: `field ${fieldName(field)}: ${thrown.message}`, cause: thrown })
}
