import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type Decoder, messagePack, messagePackUnchecked } from '../../../core/decode/index.js'
import { META } from './support.js'

const decode = (input: Uint8Array): unknown => messagePackUnchecked<unknown>()(input, META)
const packr = new Packr({ useRecords: false, variableMapSize: true })
const refused = expect.objectContaining({ code: 'RECORD_MALFORMED', domain: 'user' })

test('messagePack(schema) gives the output of the schema and infers its type', () => {
  const decoder = messagePack(z.object({ fare: z.number(), at: z.date() }))
  expectTypeOf(decoder).toEqualTypeOf<Decoder<{ fare: number; at: Date }>>()
  const trip = { fare: 1.5, at: new Date(1356998400123) }
  expect(decoder(packr.pack(trip), META)).toEqual(trip)
  expect(() => decoder(packr.pack({ fare: 'SECRET' }), META)).toThrow(refused)
  expect(() => decoder(packr.pack({ fare: 'SECRET' }), META)).not.toThrow(/SECRET/)
})

describe('agrees with msgpackr', () => {
  test('on plain values', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string({ unit: 'grapheme' }),
        fc.integer(),
        fc.maxSafeInteger(),
        fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array({ maxLength: 40 }),
        fc.date({ noInvalidDate: true, min: new Date(-1e14), max: new Date(1e14) }),
        fc.array(tie('value'), { maxLength: 6 }),
        fc
          .dictionary(fc.string(), tie('value'), { noNullPrototype: true, maxKeys: 6 })
          .filter((found) => !Object.hasOwn(found, '__proto__')),
      ),
    })).value
    fc.assert(
      fc.property(value, (written) => {
        expect(decode(packr.pack(written))).toEqual(written)
      }),
    )
  })

  test('on sizes where the encoding changes', () => {
    for (const size of [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
      for (const written of ['x'.repeat(size), new Uint8Array(size).fill(7), new Array(size).fill(1)]) {
        expect(isDeepStrictEqual(decode(packr.pack(written)), written)).toBe(true)
      }
      const object = Object.fromEntries(Array.from({ length: size }, (_, index) => [`k${index}`, index]))
      expect(isDeepStrictEqual(decode(packr.pack(object)), object)).toBe(true)
    }
  })
})

describe('what only some writers write', () => {
  test.each([
    ['an integer that no number holds', [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 2n ** 64n - 1n],
    ['a negative one', [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], -(2n ** 63n)],
    ['a small one in eight bytes', [0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], -2],
    ['a float of 32 bits', [0xca, 0x3f, 0x80, 0, 0], 1],
    ['numbers as keys', [0x82, 1, 0xa1, 0x61, 0xff, 0xa1, 0x62], { '1': 'a', '-1': 'b' }],
    ['a key twice', [0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2], { a: 2 }],
    ['a timestamp of 4 bytes', [0xd6, 0xff, 0, 0, 0, 1], new Date(1000)],
    ['a timestamp of 8 bytes', [0xd7, 0xff, 0x07, 0x9f, 0xa9, 0x00, 0, 0, 0, 1], new Date(1031)],
    ['a timestamp before 1970', [0xc7, 12, 0xff, 0, 0, 0, 0, ...new Array(8).fill(0xff)], new Date(-1000)],
    ['a byte order mark', [0xa3, 0xef, 0xbb, 0xbf], '\uFEFF'],
  ])('%s', (_, input, expected) => {
    expect(decode(Uint8Array.from(input))).toEqual(expected)
  })

  test('a key __proto__ is a key like any other', () => {
    const key = Buffer.from('__proto__')
    const input = Buffer.concat([Buffer.from([0x81, 0xa0 | key.length]), key, Buffer.from([0x81, 0xa1, 0x78, 1])])
    const found = decode(input) as object
    expect(Object.keys(found)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype)
  })
})

describe('refuses, without allocating what is announced', () => {
  const nested = (levels: number): Uint8Array => Uint8Array.from([...new Array(levels).fill(0x91), 0xc0])

  test.each([
    ['nothing', []],
    ['a byte that means nothing', [0xc1]],
    ['an array of four billion', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['a map of four billion', [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ['text of four billion bytes', [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]],
    ['binary of four billion bytes', [0xc6, 0xff, 0xff, 0xff, 0xff]],
    ['an extension of four billion bytes', [0xc9, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['an extension that is no timestamp', [0xd4, 0x01, 0x00]],
    ['a timestamp of a strange size', [0xd4, 0xff, 0x00]],
    ['a timestamp that no Date holds', [0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f, ...new Array(7).fill(0xff)]],
    ['text that is no UTF-8', [0xa1, 0xff]],
    ['a list as a key', [0x81, 0x90, 0x01]],
    ['something behind the value', [0x01, 0x02]],
    ['a cut number', [0xcb, 0, 0, 0]],
    ['65 levels', [...nested(65)]],
  ])('%s', (_, input) => {
    expect(() => decode(Uint8Array.from(input))).toThrow(refused)
  })

  test('64 levels are read, a hundred thousand end no process', () => {
    expect(decode(nested(64))).toBeDefined()
    expect(() => decode(nested(100_000))).toThrow(refused)
  })

  test('ten megabytes of empty containers, which would take a hundred times as much', () => {
    const size = 10_000_000
    const input = new Uint8Array(size + 5).fill(0x80)
    input.set([0xdd, size >>> 24, (size >>> 16) & 0xff, (size >>> 8) & 0xff, size & 0xff])
    expect(() => decode(input)).toThrow(refused)
  })

  test('or reads whatever bytes there are, and throws nothing else', () => {
    const seed = packr.pack({ a: [1, 'text', new Date(5)], b: { c: new Uint8Array(3), d: -1.5 } })
    const mutated = fc
      .tuple(fc.nat(seed.length), fc.nat(8), fc.uint8Array({ maxLength: 8 }))
      .map(([at, remove, insert]) => Buffer.concat([seed.subarray(0, at), insert, seed.subarray(at + remove)]))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated), (input) => {
        try {
          decode(input)
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'RECORD_MALFORMED' })
        }
      }),
      { numRuns: 3000 },
    )
  })
})
