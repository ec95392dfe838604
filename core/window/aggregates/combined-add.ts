import { TidemarkError } from '../../errors.js'
import { fieldName } from './field-name.js'
import type { AnyAggregate } from './types.js'

type Part = AnyAggregate<unknown>
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
      accumulators[0] = part.add(accumulators[0], value, timestamp)
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
      accumulators[0] = one.add(accumulators[0], value, timestamp)
      at = 1
      accumulators[1] = two.add(accumulators[1], value, timestamp)
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
      for (; at < parts.length; at++) accumulators[at] = parts[at]!.add(accumulators[at], value, timestamp)
    } catch (thrown) {
      throw withField(fields[at]!, thrown)
    }
    return accumulators
  }
}

/** Names the field in an aggregate's own errors; what the user's function threw passes as it is. */
function withField(field: string, thrown: unknown): unknown {
  if (!(thrown instanceof TidemarkError) || thrown.code !== 'AGGREGATE_VALUE_INVALID') return thrown
  const { code, domain } = thrown
  return new TidemarkError({ code, domain, message: `field ${fieldName(field)}: ${thrown.message}`, cause: thrown })
}
