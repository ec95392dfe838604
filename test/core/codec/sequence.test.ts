import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ABSENT, decode, encode, SequenceDecoder, SequenceEncoder } from '../../../core/codec/index.js'
import { TidemarkError } from '../../../core/errors.js'

const corrupt = expect.objectContaining({ code: 'CHECKPOINT_CORRUPT', domain: 'storage' })

/** ABSENT for a place without a value. */
function write(encoder: SequenceEncoder, values: readonly unknown[]): Uint8Array {
  for (const value of values) {
    if (value === ABSENT) encoder.absent()
    else encoder.value(value)
  }
  return encoder.take()
}

function read(bytes: Uint8Array): unknown[] {
  const decoder = new SequenceDecoder(bytes)
  const values: unknown[] = []
  while (decoder.hasMore) values.push(decoder.valueOrAbsent())
  return values
}

const plain = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: false })

describe('a sequence', () => {
  it('gives back any values in their order, and where there was none', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(plain, fc.constant(ABSENT))), (values) => {
        expect(read(write(new SequenceEncoder(), values))).toStrictEqual(
          // An object without a prototype reads back as a plain one: what a value alone does, too.
          values.map((value) => (value === ABSENT ? ABSENT : decode(encode(value)))),
        )
      }),
      { numRuns: 300 },
    )
  })

  it('tells undefined, null and no value apart', () => {
    expect(read(write(new SequenceEncoder(), [undefined, ABSENT, null, ABSENT, 0]))).toEqual([
      undefined,
      ABSENT,
      null,
      ABSENT,
      0,
    ])
  })

  it('names the keys of a form once: many small values take little room', () => {
    const values = Array.from({ length: 1000 }, (_, at) => ({ temperature: at % 100, humidity: 7 }))
    const together = write(new SequenceEncoder(), values).length
    expect(together).toBeLessThan(1000 * 8)
    expect(together).toBeLessThan(values.reduce((sum, value) => sum + encode(value).length, 0) / 3)
  })

  it('begins anew after it was taken: each part is read by itself', () => {
    const encoder = new SequenceEncoder()
    const parts = [1, 2, 3].map((at) => write(encoder, [{ a: at }, { a: at, b: { a: 0 } }]))
    expect(encoder.length).toBe(0)
    for (const [index, part] of parts.entries()) {
      expect(read(part)).toEqual([{ a: index + 1 }, { a: index + 1, b: { a: 0 } }])
    }
  })

  it('is not disturbed by others that are written meanwhile, in a getter too', () => {
    const encoder = new SequenceEncoder()
    const other = new SequenceEncoder()
    const tricky = {
      a: 1,
      get b() {
        other.value({ c: 5 })
        return encode({ d: 'x'.repeat(100_000) }).length > 100_000
      },
      e: 2,
    }
    encoder.value(tricky)
    encoder.value({ a: 3, b: false, e: 4 })
    expect(read(encoder.take())).toEqual([
      { a: 1, b: true, e: 2 },
      { a: 3, b: false, e: 4 },
    ])
    expect(read(other.take())).toEqual([{ c: 5 }])
  })

  it('holds more forms than it numbers', () => {
    const values = Array.from({ length: 5000 }, (_, at) => ({ [`key${at}`]: at, same: { [`key${at % 7}`]: 1 } }))
    expect(read(write(new SequenceEncoder(), values))).toEqual(values)
  })

  it('holds values larger than its first buffer', () => {
    const values = ['x'.repeat(5_000_000), { y: 'é'.repeat(100_000) }, 'z']
    expect(read(write(new SequenceEncoder(), values))).toEqual(values)
  })

  it('refuses what is no plain data, naming the path; what stands for no value too', () => {
    const refused = (path: RegExp) =>
      expect.objectContaining({ code: 'STATE_NOT_SERIALIZABLE', message: expect.stringMatching(path) })
    const encoder = new SequenceEncoder()
    encoder.value({ a: 1 })
    expect(() => encoder.value({ a: { call: () => 1 } })).toThrow(refused(/\.a\.call/))
    expect(() => new SequenceEncoder().value(ABSENT)).toThrow(refused(/symbol/))
    expect(() => new SequenceEncoder().value([ABSENT])).toThrow(refused(/symbol/))
  })
})

describe('hostile bytes of a sequence', () => {
  const sample = write(new SequenceEncoder(), [
    'state:v',
    1,
    { a: 1, b: [1n, undefined] },
    ABSENT,
    { a: 2, b: new Map([['k', new Set([1.5])]]) },
    'x'.repeat(60),
  ])

  it('that have no value where one must be are refused', () => {
    const decoder = new SequenceDecoder(write(new SequenceEncoder(), [ABSENT]))
    expect(() => decoder.value()).toThrow(corrupt)
    expect(() => new SequenceDecoder(new Uint8Array()).value()).toThrow(corrupt)
    expect(() => decode(write(new SequenceEncoder(), [ABSENT]))).toThrow(corrupt)
    // An array of one element, which is none.
    expect(() => new SequenceDecoder(Uint8Array.of(0x91, 0xd4, 9, 0)).valueOrAbsent()).toThrow(corrupt)
  })

  it('that are cut off give a prefix of the values, then CHECKPOINT_CORRUPT', () => {
    const whole = read(sample)
    for (let length = 0; length < sample.length; length++) {
      const decoder = new SequenceDecoder(sample.subarray(0, length))
      const values: unknown[] = []
      try {
        while (decoder.hasMore) values.push(decoder.valueOrAbsent())
      } catch (error) {
        expect(error).toEqual(corrupt)
      }
      expect(values).toEqual(whole.slice(0, values.length))
    }
  })

  it('that were changed give values or CHECKPOINT_CORRUPT, nothing else', () => {
    const mutation = fc.record({ at: fc.nat(sample.length - 1), byte: fc.integer({ min: 0, max: 255 }) })
    let refused = 0
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
        const mutated = sample.slice()
        for (const { at, byte } of mutations) mutated[at] = byte
        try {
          read(mutated)
        } catch (error) {
          refused++
          if (!(error instanceof TidemarkError)) throw error
          expect(error).toEqual(corrupt)
        }
      }),
      { numRuns: 3_000 },
    )
    expect(refused).toBeGreaterThan(300)
  })

  it('that ask for more than there is are refused before anything is allocated', () => {
    for (const bytes of [
      [0xdd, 0xff, 0xff, 0xff, 0xff],
      [0xdf, 0xff, 0xff, 0xff, 0xff],
      [0xdb, 0xff, 0xff, 0xff, 0xff],
    ]) {
      const decoder = new SequenceDecoder(Uint8Array.from([1, ...bytes]))
      expect(decoder.value()).toBe(1)
      expect(() => decoder.value()).toThrow(corrupt)
    }
  })
})
