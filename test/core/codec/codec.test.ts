import fc from 'fast-check'
import { Unpackr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../../core/codec/index.js'

const roundTrip = (value: unknown): unknown => decode(encode(value))

const scalar = fc.oneof(
  fc.string({ unit: 'binary' }),
  // Lone surrogates included.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, Number.NaN, Number.POSITIVE_INFINITY, 2n ** 63n, -(2n ** 63n) - 1n),
)
const binary = fc.oneof(
  fc.uint8Array(),
  fc.int8Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.date({ noInvalidDate: false }),
)
const { value: anyState } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    binary,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'a', 'b', '1')), tie('value'), {
      maxKeys: 5,
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(scalar, tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
    fc.array(scalar, { maxLength: 5 }).map((values) => new Set(values)),
  ),
}))

describe('the state codec', () => {
  it('gives back any plain data as it was', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        expect(roundTrip(state)).toStrictEqual(state)
      }),
      { numRuns: 3000 },
    )
  })

  it.each<[string, unknown]>([
    ['-0', -0],
    ['an array of -0', [-0]],
    ['NaN', Number.NaN],
    ['the largest 32-bit integer and its neighbour', [4294967295, 4294967296]],
    ['the smallest 32-bit integer and its neighbour', [-2147483648, -2147483649]],
    ['bigints at the edge of 64 bits', [2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n]],
    ['a bigint of 10,000 bits', 2n ** 10_000n],
    ['numbers beside bigints', [1, 1n]],
    ['undefined in an object', { a: undefined }],
    ['an array that begins with undefined', [undefined, 1]],
    ['a byte order mark', '\ufeffa'],
    ['strings around every header size', [31, 32, 255, 256, 65_535, 65_536].map((length) => 'é'.repeat(length))],
    ['arrays around every header size', [15, 16, 65_535, 65_536].map((length) => new Array(length).fill(7))],
    ['bytes around every header size', [0, 255, 256, 65_536].map((length) => new Uint8Array(length).fill(9))],
    ['typed arrays around every header size', [0, 1, 40, 9_000].map((length) => new Float64Array(length).fill(-0))],
    ['a clamped array', Uint8ClampedArray.of(1, 255)],
    ['a view into the middle of a buffer', new Uint16Array(new ArrayBuffer(20), 4, 3).fill(513)],
    ['an invalid date', new Date(Number.NaN)],
    ['an object with 100 keys', Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`key${at}`, at]))],
    ['objects of 5,000 shapes', Array.from({ length: 5_000 }, (_, at) => ({ [`key${at}`]: at, same: 1 }))],
    [
      'objects of alternating shapes',
      Array.from({ length: 9 }, (_, at) => (at % 3 ? { a: { b: at } } : { b: at, a: 0 })),
    ],
    [
      'a map with keys 1, 1n, true and "1"',
      new Map<unknown, number>([
        [1, 1],
        [1n, 2],
        [true, 3],
        ['1', 4],
      ]),
    ],
  ])('keeps %s', (_name, value) => {
    expect(roundTrip(value)).toStrictEqual(value)
  })

  it('reads an object without prototype as a plain object, and a Buffer as bytes', () => {
    const bare = Object.assign(Object.create(null), { a: 1 })
    expect(roundTrip(bare)).toStrictEqual({ a: 1 })
    expect(roundTrip(Buffer.from('abc'))).toStrictEqual(Uint8Array.of(97, 98, 99))
  })

  it('keeps a key __proto__ harmless', () => {
    const hostile: unknown = JSON.parse('{"__proto__":{"polluted":true},"a":1}')
    const read = roundTrip(hostile) as Record<string, unknown>
    expect(Object.keys(read)).toEqual(['__proto__', 'a'])
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect(read['polluted']).toBeUndefined()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('copies its result out of the buffer that it reuses', () => {
    const first = encode('first')
    encode('other')
    expect(decode(first)).toBe('first')
    expect(first.buffer.byteLength).toBe(first.length)
  })

  it('writes the keys of equal objects once', () => {
    const rows = Array.from({ length: 1_000 }, (_, at) => ({ pickups: at % 100, airport: 'JFK' }))
    expect(encode(rows).length).toBeLessThan(10 * rows.length)
  })

  it('can encode while it encodes', () => {
    const outer = {
      before: 1,
      get inner() {
        return encode({ nested: true })
      },
      after: 2,
    }
    const read = roundTrip(outer) as Record<string, unknown>
    expect(read).toMatchObject({ before: 1, after: 2 })
    expect(decode(read['inner'] as Uint8Array)).toEqual({ nested: true })
  })

  it('writes MessagePack that another implementation reads', () => {
    const value = ['text', 'ünïcode', 1, -1, 300, -300, 70_000, -70_000, 1.5, true, null, ['x'.repeat(300)]]
    expect(new Unpackr({ useRecords: false }).unpack(encode(value))).toEqual(value)
    const map = new Map([['a', 1]])
    expect(new Unpackr({ useRecords: false, mapsAsObjects: false }).unpack(encode(map))).toEqual(map)
  })

  it('writes bytes that never change: they are in savepoints', () => {
    const golden = encode([
      { a: 1, b: -0 },
      { a: 'x', b: 1n },
      new Set([true]),
      undefined,
      new Map([[1, null]]),
      2n ** 64n,
    ])
    expect(Buffer.from(golden).toString('hex')).toBe(
      '96' +
        '93c70401a161a16201cb8000000000000000' +
        '93d40200a178d30000000000000001' +
        '92d40400c3' +
        'd40000' +
        '8101c0' +
        'c70a0501010000000000000000',
    )
  })
})

class Cell {
  readonly count = 1
}

describe('state that is no plain data is refused with STATE_NOT_SERIALIZABLE, naming the path', () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  it.each<[string, unknown, string, string]>([
    ['a function', () => 1, 'the top', 'a function'],
    ['a function in an object', { a: [1, { format: () => 1 }] }, '.a[1].format', 'a function'],
    ['a symbol', [Symbol('x')], '[0]', 'a symbol'],
    ['an instance of a class', { cells: new Map([['a', new Cell()]]) }, '.cells<value 0>', 'an instance of Cell'],
    ['a subclass of Map', [new (class Counts extends Map {})()], '[0]', 'an instance of Counts'],
    ['a promise', { later: Promise.resolve(1) }, '.later', 'a promise'],
    ['an error', new Error('x'), 'the top', 'an instance of Error'],
    ['a regular expression', new Set([/x/]), '{0}', 'an instance of RegExp'],
    ['a weak map', new Map([[new WeakMap(), 1]]), '<key 0>', 'an instance of WeakMap'],
    ['a cycle', cyclic, '.self.self', 'a cycle'],
  ])('%s', (_name, value, path, found) => {
    const refused = expect.objectContaining({ code: 'STATE_NOT_SERIALIZABLE', domain: 'user' })
    expect(() => encode(value)).toThrow(refused)
    expect(() => encode(value)).toThrow(path)
    expect(() => encode(value)).toThrow(found)
    expect(roundTrip('the codec still works')).toBe('the codec still works')
  })

  it('64 levels are written and read, 65 are refused', () => {
    const nested = (levels: number): unknown => {
      let value: unknown = []
      for (let level = 1; level < levels; level++) value = [value]
      return value
    }
    expect(roundTrip(nested(64))).toStrictEqual(nested(64))
    expect(() => encode(nested(65))).toThrow(/64 levels/)
  })
})
