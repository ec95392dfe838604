import fc from 'fast-check'
import type { Key, KeyScalar } from '../../../core/state/key.js'

/** Strings with NULs and tags in them too: what a careless encoding mixes up. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('\0', 's', 't', 'n', ':', '1', 'é', '€', '😀'), maxLength: 8 }),
)

export const keyScalar: fc.Arbitrary<KeyScalar> = fc.oneof(
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -3, max: 3 }),
  fc.bigInt(),
  fc.bigInt({ min: -300n, max: 300n }),
  fc.boolean(),
)

export const anyKey: fc.Arbitrary<Key> = fc.oneof(keyScalar, fc.array(keyScalar, { maxLength: 4 }))

/** Whether two keys are the same key: by type and value, -0 being 0. */
export function sameKey(left: Key, right: Key): boolean {
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false
    return left.every((element: KeyScalar, index) => element === right[index])
  }
  return left === right
}
