import fc from 'fast-check'
import murmurhash from 'murmurhash3js-revisited'
import { describe, expect, it } from 'vitest'
import { hashScalar } from '../../../../core/window/aggregates/scalar-hash.js'
import type { Scalar } from '../../../../core/window/aggregates/types.js'

function hashOf(value: Scalar): { high: number; low: number } {
  const hash = { high: 0, low: 0 }
  hashScalar(value, hash)
  return { high: hash.high >>> 0, low: hash.low >>> 0 }
}

function reference(bytes: Buffer, seeds: readonly [number, number]) {
  return { high: murmurhash.x86.hash32(bytes, seeds[0]), low: murmurhash.x86.hash32(bytes, seeds[1]) }
}

function doubleBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}

describe('the hash of a scalar', () => {
  it('is MurmurHash3 x86 32 of the UTF-16 code units of a text, twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.bigInt(), (text, big) => {
        expect(hashOf(text)).toEqual(reference(Buffer.from(text, 'utf16le'), [0x5f3759df, 0x2545f491]))
        expect(hashOf(big)).toEqual(reference(Buffer.from(String(big), 'utf16le'), [0x3c6ef372, 0x510e527f]))
      }),
    )
  })

  it('is MurmurHash3 x86 32 of the eight bytes of a number, twice', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (number) => {
        expect(hashOf(number)).toEqual(reference(doubleBytes(number + 0), [0x1b56c4e9, 0x7f4a7c15]))
      }),
    )
    expect(hashOf(true)).toEqual(reference(doubleBytes(1), [0x6a09e667, 0x1f83d9ab]))
    expect(hashOf(false)).toEqual(reference(doubleBytes(0), [0x6a09e667, 0x1f83d9ab]))
  })

  it('is frozen: savepoints hold what was made of it', () => {
    expect([hashOf('dr5rsnx'), hashOf(42), hashOf(42n), hashOf(true)]).toEqual([
      { high: 4003221906, low: 541650447 },
      { high: 1790715113, low: 1989839296 },
      { high: 460191137, low: 2282050931 },
      { high: 3193219166, low: 2569387759 },
    ])
  })
})
