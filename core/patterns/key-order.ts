import type { Key, KeyScalar } from '../state/key.js'

/** Types in a fixed order, so that keys of several types have one, too. */
const TYPE_ORDER = ['boolean', 'number', 'bigint', 'string']

/**
 * A total order of keys, the same in every process: numbers by value, strings by UTF-16 code units (no locale), tuples
 * element by element, the shorter one first. Scalars come before tuples.
 */
export function compareKeys(one: Key, other: Key): number {
  if (typeof one !== 'object' && typeof other !== 'object') return compareScalars(one, other)
  if (typeof one !== 'object') return -1
  if (typeof other !== 'object') return 1
  for (let index = 0; index < Math.min(one.length, other.length); index++) {
    // Within both.
    const order = compareScalars(one[index] as KeyScalar, other[index] as KeyScalar)
    if (order !== 0) return order
  }
  return one.length - other.length
}

function compareScalars(one: KeyScalar, other: KeyScalar): number {
  if (typeof one !== typeof other) return TYPE_ORDER.indexOf(typeof one) - TYPE_ORDER.indexOf(typeof other)
  return one < other ? -1 : one > other ? 1 : 0
}
