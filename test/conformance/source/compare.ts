import { isDeepStrictEqual } from 'node:util'
import { shown } from '../check.js'

/** What is wrong with what was read, in words; undefined: nothing. */
export function difference(found: readonly unknown[], expected: readonly unknown[]): string | undefined {
  const at = expected.findIndex((value, index) => index >= found.length || !isDeepStrictEqual(found[index], value))
  if (at < 0) {
    if (found.length === expected.length) return undefined
    return `${found.length - expected.length} records more than the ${expected.length}, the first ${shown(found[expected.length])}`
  }
  if (at >= found.length) return `only ${found.length} of ${expected.length} records, without ${shown(expected[at])}`
  return `record ${at} is ${shown(found[at])} instead of ${shown(expected[at])}`
}

/** How many records two readings have in common at their start. */
export function commonStart(found: readonly unknown[], expected: readonly unknown[]): number {
  const at = expected.findIndex((value, index) => !isDeepStrictEqual(found[index], value))
  return at < 0 ? expected.length : at
}

/** Some numbers from 0 to `last`, both included: all when they are few. */
export function cutsUpTo(last: number, most = 12): readonly number[] {
  if (last < most) return Array.from({ length: last + 1 }, (_, cut) => cut)
  return [...new Set(Array.from({ length: most }, (_, index) => Math.round((index * last) / (most - 1))))]
}
