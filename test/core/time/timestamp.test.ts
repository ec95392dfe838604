import { describe, expect, it } from 'vitest'
import { assertTimestamp } from '../../../core/time/timestamp.js'

describe('a timestamp', () => {
  it.each([0, 1, 1_357_000_000_000, 8.64e15])('%d is one', (timestamp) => {
    expect(() => assertTimestamp(timestamp)).not.toThrow()
  })

  it.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['-1', -1],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['8640000000000001', 8.64e15 + 1],
    ['0.5', 0.5],
    ['a value of type undefined', undefined],
    ['a value of type object', null],
    ['a value of type string', '5'],
    ['a value of type bigint', 5n],
    ['a value of type object', new Date(5)],
    ['a promise', Promise.resolve(5)],
  ])('%s is none: TIMESTAMP_INVALID', (found, value) => {
    // The types forbid most of these; a job in JavaScript, or a cast, does not.
    expect(() => assertTimestamp(value as number)).toThrow(
      expect.objectContaining({ code: 'TIMESTAMP_INVALID', message: expect.stringContaining(found) }),
    )
  })
})
