import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TidemarkError } from '../../../core/errors.js'
import type { Key } from '../../../core/state/key.js'
import { encodeKey, fromInternalKey, hashKey, toInternalKey } from '../../../core/state/key-codec.js'
import { murmur3 } from '../../../core/state/murmur3.js'
import { anyKey, sameKey } from './key-arbitraries.js'

const hex = (key: Key): string => Buffer.from(encodeKey(key)).toString('hex')

describe('canonical key bytes', () => {
  it('differ between any two different keys and are equal for equal ones', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (left, right) => {
        expect(hex(left) === hex(right)).toBe(sameKey(left, right))
      }),
      { numRuns: 5000 },
    )
  })

  it.each<[string, Key, Key]>([
    ['1 and 1n', 1, 1n],
    ["1 and '1'", 1, '1'],
    ['1 and true', 1, true],
    ["'a' and ['a']", 'a', ['a']],
    ["'' and []", '', []],
    ["['ab', 'c'] and ['a', 'bc']", ['ab', 'c'], ['a', 'bc']],
    ["['a', ''] and ['a']", ['a', ''], ['a']],
    ['255n and -255n', 255n, -255n],
    ['256n and 1n', 256n, 1n],
  ])('tell %s apart', (_name, left, right) => {
    expect(hex(left)).not.toBe(hex(right))
    expect(toInternalKey(left)).not.toBe(toInternalKey(right))
  })

  it('are the same for -0 and 0, in a tuple too', () => {
    expect(hex(-0)).toBe(hex(0))
    expect(hex([-0, 'a'])).toBe(hex([0, 'a']))
    expect(toInternalKey([-0])).toBe(toInternalKey([0]))
    expect(Object.is(toInternalKey(-0), 0)).toBe(true)
  })

  it('hold a string as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(hex(text)).toBe(`73${Buffer.from(text, 'utf8').toString('hex')}`)
      }),
    )
  })

  it('hash like the bytes themselves, keys larger than the scratch buffer included', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const bytes = encodeKey(key)
        expect(hashKey(key)).toBe(murmur3(bytes, bytes.length))
      }),
    )
    for (const key of ['x'.repeat(5_000), '€'.repeat(100_000), ['a', '😀'.repeat(50_000), 'b'], 7n ** 40_000n]) {
      const bytes = encodeKey(key)
      expect(hashKey(key)).toBe(murmur3(bytes, bytes.length))
    }
    expect(hex('a')).toBe('7361')
  })

  it('are handed out as a copy', () => {
    const first = encodeKey('first')
    encodeKey('other')
    expect(Buffer.from(first).toString()).toBe('sfirst')
  })
})

describe('internal keys', () => {
  it('read back as the key they were made of', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(sameKey(fromInternalKey(toInternalKey(key)), key)).toBe(true)
      }),
      { numRuns: 5000 },
    )
  })

  it('are equal for equal keys alone', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (left, right) => {
        expect(toInternalKey(left) === toInternalKey(right)).toBe(sameKey(left, right))
      }),
      { numRuns: 5000 },
    )
  })

  it('of a tuple are no string key, whatever the string', () => {
    const internal = toInternalKey(['a', 1])
    expect(typeof internal).toBe('string')
    expect(toInternalKey(internal)).not.toBe(internal)
    expect(fromInternalKey(toInternalKey(internal))).toBe(internal)
  })

  it('of scalars are the scalars', () => {
    for (const key of ['dr5rs', 12.5, 12n, true, '']) expect(toInternalKey(key)).toBe(key)
  })

  it.each([
    '\0',
    '\0x',
    '\0ts',
    '\0ts1',
    '\0ts2:a',
    '\0tn1:x',
    '\0tz1:a',
    '\0ti1:a',
    '\0tb1:1',
    '\0ts-1:a',
    '\0ts1:ab',
  ])('that are malformed are refused (%j)', (internal) => {
    expect(() => fromInternalKey(internal)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' }))
  })
})

describe('what is not a key is refused with KEY_INVALID, saying what was found', () => {
  const refused: readonly [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['a string with a lone surrogate', 'a\ud800'],
    ['a string with a lone surrogate', '\udc00\ud800'],
    ['an object', { id: 1 }],
    ['an object', new Date(0)],
    ['a promise', Promise.resolve('a')],
    ['a function', () => 'a'],
    ['a symbol', Symbol('a')],
    ['another tuple at position 1', ['a', ['b']]],
    ['undefined at position 0', [undefined]],
    ['NaN at position 2', ['a', 'b', Number.NaN]],
    ['a string with a lone surrogate at position 0', ['\udfff']],
  ]
  for (const [found, value] of refused) {
    // The types forbid it; a job in JavaScript, or a cast, does not.
    const key = value as Key
    it.each([
      ['encodeKey', () => encodeKey(key)],
      ['hashKey', () => hashKey(key)],
      ['toInternalKey', () => toInternalKey(key)],
    ])(`${found}: %s`, (_name, attempt) => {
      expect(attempt).toThrow(TidemarkError)
      expect(attempt).toThrow(expect.objectContaining({ code: 'KEY_INVALID', message: expect.stringContaining(found) }))
    })
  }
})
