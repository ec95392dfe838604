import { expect, it } from 'vitest'
import { toJson } from '../../../../runtime/cli/savepoint/json-value.js'

it.each([
  ['plain data is itself', { a: [1, 'x', null, true] }, { a: [1, 'x', null, true] }],
  ['bigint', 12n, { $bigint: '12' }],
  ['undefined', [undefined], [{ $undefined: true }]],
  [
    'numbers that JSON has not',
    [Number.NaN, -0, Number.NEGATIVE_INFINITY],
    [{ $number: 'NaN' }, { $number: '-0' }, { $number: '-Infinity' }],
  ],
  ['Date', new Date(0), { $date: '1970-01-01T00:00:00.000Z' }],
  ['an invalid Date', new Date(Number.NaN), { $date: null }],
  ['Map', new Map([[1, new Set(['x'])]]), { $map: [[1, { $set: ['x'] }]] }],
  ['bytes', Uint8Array.of(1, 2), { $bytes: 'AQI=' }],
  ['typed arrays', Float64Array.of(0.5), { $Float64Array: [0.5] }],
  ['typed arrays of bigints', BigInt64Array.of(1n), { $BigInt64Array: [{ $bigint: '1' }] }],
  ['an object that looks like one of these', { $date: 'x' }, { $object: { $date: 'x' } }],
])('%s', (_, value, expected) => {
  expect(toJson(value)).toEqual(expected)
})

it('a key named __proto__ is a key', () => {
  expect(JSON.stringify(toJson(JSON.parse('{"__proto__": {"a": 1}}')))).toBe('{"__proto__":{"a":1}}')
})
