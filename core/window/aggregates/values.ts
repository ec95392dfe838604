import { isPromise } from '../../promises.js'
import { invalidValue } from './invalid.js'
import type { Scalar } from './types.js'

export function scalar<V extends Scalar>(kind: string, found: V): V {
  switch (typeof found) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return found
    case 'number':
      if (!Number.isNaN(found)) return found
  }
  throw invalidValue(kind, 'a string, a number that is not NaN, a bigint or a boolean', found)
}

/** For values that are only kept: refuses what no checkpoint can hold. */
export function storable<V>(kind: string, found: V): V {
  const type = typeof found
  if (type === 'function' || type === 'symbol' || (type === 'object' && isPromise(found))) {
    throw invalidValue(kind, 'plain data', found)
  }
  return found
}

// The two checks below run once a record: V8 inlines `Number.isFinite` and `Number.isNaN`. Adding 0 turns -0 into 0, as
// a round trip through MessagePack does, so that a restored job gives the same results.

/** For sums and sketches, where one infinity would swallow every other value. */
export function finiteNumber(kind: string, found: number): number {
  if (Number.isFinite(found)) return found + 0
  throw invalidValue(kind, 'a finite number', found)
}

/** For order alone, where infinities have their place and only NaN has none. */
export function orderedNumber(kind: string, found: number): number {
  if (typeof found === 'number' && !Number.isNaN(found)) return found + 0
  throw invalidValue(kind, 'a number that is not NaN', found)
}
