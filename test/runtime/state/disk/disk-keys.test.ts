import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InternalKey } from '../../../../core/state/key.js'
import { toInternalKey } from '../../../../core/state/key-codec.js'
import { chunkKey, keyOfLeaf, leafKey, spaceStart } from '../../../../runtime/state/disk/disk-keys.js'

const keys: fc.Arbitrary<InternalKey> = fc.oneof(
  fc.string({ unit: 'binary' }),
  // Lone surrogates too.
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.double({ noNaN: true }).map((number) => number + 0),
  fc.bigInt(),
  fc.boolean(),
  fc.tuple(fc.string(), fc.integer(), fc.boolean()).map((tuple) => toInternalKey(tuple)),
)

describe('the key of a leaf on disk', () => {
  it('reads back as it was', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 2 ** 40 }), (key, space) => {
        expect(keyOfLeaf(leafKey(space, key) as Uint8Array)).toBe(key)
      }),
    )
  })

  it('is another one for every other key', () => {
    fc.assert(
      fc.property(keys, keys, (one, other) => {
        fc.pre(one !== other)
        expect(Buffer.compare(leafKey(1, one) as Buffer, leafKey(1, other) as Buffer)).not.toBe(0)
      }),
    )
  })

  it('is the same for 0 and -0, as in a Map', () => {
    expect(leafKey(1, -0)).toEqual(leafKey(1, 0))
  })

  it('lies between the bounds of its space and nowhere near a chunk of a list', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 300 }), (key, space) => {
        const bytes = leafKey(space, key) as Buffer
        expect(Buffer.compare(spaceStart(space), bytes)).toBe(-1)
        expect(Buffer.compare(bytes, spaceStart(space + 1))).toBe(-1)
        expect(Buffer.compare(bytes, chunkKey(0))).toBe(-1)
      }),
    )
  })

  it.each(['x'.repeat(1793), 'é'.repeat(900), '\ud800'.repeat(900), 10n ** 700n])(
    'is missing where lmdb takes none as long',
    (key) => {
      expect(leafKey(1, key)).toBeUndefined()
    },
  )

  it('has room for 1,792 bytes', () => {
    expect(leafKey(1, 'x'.repeat(1792))).toHaveLength(1800)
  })
})
