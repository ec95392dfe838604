import { expect } from 'vitest'
import { TidemarkError } from '../../../../core/errors.js'

export function thrownBy(act: () => unknown): TidemarkError {
  try {
    act()
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(TidemarkError)
    return thrown as TidemarkError
  }
  return expect.fail('expected a TidemarkError, but nothing was thrown')
}

/** What a selector in JavaScript, or behind a cast, may return. */
export function returning(found: unknown): (value: unknown) => never {
  return () => found as never
}

export function refusesValues(
  build: (selector: (value: unknown) => never) => { create(): unknown; add(a: never, v: unknown, t: number): unknown },
  refused: readonly (readonly [found: unknown, named: string])[],
): void {
  for (const [found, named] of refused) {
    const aggregate = build(returning(found))
    const error = thrownBy(() => aggregate.add(aggregate.create() as never, {}, 0))
    const isPromise = named === 'a promise'
    const code = isPromise ? 'USER_FUNCTION_RETURNED_PROMISE' : 'AGGREGATE_VALUE_INVALID'
    expect(error).toMatchObject({ code, domain: 'user', retryable: false })
    expect(error.message).toContain(isPromise ? 'the selector returned a promise' : `but returned ${named};`)
  }
}

export function refusesSetting(build: () => unknown, message: string): void {
  const error = thrownBy(build)
  expect(error).toMatchObject({ code: 'AGGREGATE_SETTING_INVALID', domain: 'user' })
  expect(error.message).toBe(message)
}

export const NO_NUMBERS = [
  [undefined, 'undefined'],
  [null, 'null'],
  [Number.NaN, 'NaN'],
  ['17', 'a string'],
  [17n, 'a bigint'],
  [true, 'a boolean'],
  [[17], 'an array'],
  [{ valueOf: () => 17 }, 'an object'],
  [new Date(0), 'an object'],
  [Promise.resolve(17), 'a promise'],
] as const

export const INFINITIES = [
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
] as const
