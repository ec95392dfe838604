import { isWellFormed } from '../codec/well-formed.js'
import { TidemarkError } from '../errors.js'
import type { Key, KeyScalar } from './key.js'

export function isKeyScalar(value: unknown): value is KeyScalar {
  switch (typeof value) {
    case 'string':
      return isWellFormed(value)
    case 'number':
      return Number.isFinite(value)
    case 'bigint':
    case 'boolean':
      return true
    default:
      return false
  }
}

/** @throws TidemarkError KEY_INVALID. The caller knows operator and record, and adds them. */
export function assertKey(value: unknown): asserts value is Key {
  if (isKeyScalar(value)) return
  if (!Array.isArray(value)) throw keyInvalid(describe(value))
  for (let index = 0; index < value.length; index++) {
    const element: unknown = value[index]
    if (isKeyScalar(element)) continue
    const found = Array.isArray(element) ? 'another tuple' : describe(element)
    throw keyInvalid(`a tuple with ${found} at position ${index}`)
  }
}

function keyInvalid(found: string): TidemarkError {
  return new TidemarkError({
    code: 'KEY_INVALID',
    domain: 'user',
    message:
      `not a key: expected a string, a finite number, a bigint, a boolean or a flat tuple of those, found ${found}; ` +
      'return such a value from the key function',
  })
}

/** What it is, not what is in it: messages carry no payload. */
function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  switch (typeof value) {
    case 'number':
      return String(value)
    case 'string':
      return 'a string with a lone surrogate'
    case 'function':
      return 'a function'
    case 'symbol':
      return 'a symbol'
    default:
      return value instanceof Promise ? 'a promise' : 'an object'
  }
}
