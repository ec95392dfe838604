import fc from 'fast-check'
import reference from 'murmurhash3js-revisited'
import { describe, expect, it } from 'vitest'
import { murmur3 } from '../../../core/state/murmur3.js'

describe('murmur3', () => {
  it('equals an independent implementation for any bytes and any seed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.integer({ min: 0, max: 0xffffffff }), (bytes, seed) => {
        expect(murmur3(bytes, bytes.length, seed)).toBe(reference.x86.hash32(bytes, seed))
      }),
      { numRuns: 2000 },
    )
  })

  it('has the published values for the empty input', () => {
    expect(murmur3(new Uint8Array(), 0)).toBe(0)
    expect(murmur3(new Uint8Array(), 0, 1)).toBe(0x514e28b7)
    expect(murmur3(new Uint8Array(), 0, 0xffffffff)).toBe(0x81f16f39)
  })

  it('reads no byte past the given length', () => {
    expect(murmur3(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 5)).toBe(reference.x86.hash32([1, 2, 3, 4, 5]))
  })
})
