import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../../core/codec/index.js'
import { TidemarkError } from '../../../core/errors.js'

const corrupt = expect.objectContaining({ code: 'CHECKPOINT_CORRUPT', domain: 'storage' })
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const repeat = (byte: number, count: number): Uint8Array => new Uint8Array(count).fill(byte)

/** With arrays, maps, sets, shapes of both kinds, and every extension. */
const SAMPLE = encode(
  new Map<string, unknown>([
    ['counts', [1, 200, 70_000, -5, -300, 1.5, -0, undefined, null, true]],
    ['rows', [{ a: 1, b: 'xyz' }, { a: 2, b: 'é€😀' }, { c: { a: 1, b: 2 } }]],
    ['wide', Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`k${at}`, at]))],
    ['sets', new Set([1n, 2n ** 70n, -(2n ** 80n)])],
    ['bytes', [Uint8Array.of(1, 2, 3), Float64Array.of(1, 2), new Date(5), 'a\ud800']],
    ['long', 'x'.repeat(300)],
  ]),
)

describe('hostile bytes give CHECKPOINT_CORRUPT, never an out-of-memory', () => {
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['five bytes that ask for 4 billion elements', bytes('dd ffffffff')],
    ['five bytes that ask for a map of 4 billion', bytes('df ffffffff')],
    ['five bytes that ask for 4 GB of binary', bytes('c6 ffffffff')],
    ['five bytes that ask for 4 GB of text', bytes('db ffffffff')],
    ['six bytes that ask for a 4 GB extension', bytes('c9 ffffffff 06')],
    ['five bytes that ask for 30 million elements', bytes('dd 01c9c380')],
    ['10 KB of nested arrays', repeat(0x91, 10_000)],
    ['10 KB of nested maps', repeat(0x81, 10_000)],
    [
      '1 MB of nested sets',
      Uint8Array.from({ length: 1_000_000 }, (_, at) => [0x92, 0xd4, 0x04, 0x00][at % 4] as number),
    ],
    ['10 MB of empty maps', emptyMaps(10_000_000)],
    ['a token that is never used', bytes('c1')],
    ['bytes after the value', bytes('c0 c0')],
    ['text that is no UTF-8', bytes('a2 c328')],
    ['long text that is no UTF-8', Uint8Array.of(0xd9, 40, ...repeat(0xff, 40))],
    ['a shape that was not defined', bytes('92 d40200 01')],
    ['a shape number of eight bytes', bytes('92 c70802 0000000000000000 01')],
    ['more values than keys', bytes('93 c70201a161 01 02')],
    ['fewer values than keys', bytes('92 c70401a161a162 01')],
    ['a shape whose key is a number', bytes('92 d40101 01')],
    ['an entry without a value', bytes('92 d40300 a161')],
    ['an entry whose key is a number', bytes('93 d40300 01 01')],
    ['an unknown extension', bytes('d4 63 00')],
    ['a shape outside an array', bytes('c70201a161')],
    ['a typed array of an unknown type', bytes('d4 06 7f')],
    ['a typed array of half an element', bytes('c7 02 06 02 01')],
    ['a date of one byte', bytes('d4 07 00')],
    ['a bigint without magnitude', bytes('d4 05 01')],
    ['UTF-16 of three bytes', bytes('c7 03 08 000000')],
  ])('%s', (_name, hostile) => {
    expect(() => decode(hostile)).toThrow(corrupt)
  })

  it('every truncation of valid state', () => {
    for (let length = 0; length < SAMPLE.length; length++) {
      expect(() => decode(SAMPLE.subarray(0, length)), `${length} bytes`).toThrow(corrupt)
    }
  })

  it('thousands of mutations of valid state: a value or the error, nothing else', () => {
    const mutation = fc.record({ at: fc.nat(SAMPLE.length - 1), byte: fc.integer({ min: 0, max: 255 }) })
    let refused = 0
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
        const mutated = SAMPLE.slice()
        for (const { at, byte } of mutations) mutated[at] = byte
        try {
          decode(mutated)
        } catch (error) {
          refused++
          if (!(error instanceof TidemarkError)) throw error
          expect(error).toEqual(corrupt)
        }
      }),
      { numRuns: 10_000 },
    )
    expect(refused).toBeGreaterThan(1_000)
  })

  it('random bytes: a value or the error, nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        try {
          decode(random)
        } catch (error) {
          if (!(error instanceof TidemarkError)) throw error
          expect(error).toEqual(corrupt)
        }
      }),
      { numRuns: 10_000 },
    )
  })

  it('names the offset', () => {
    expect(() => decode(bytes('92 01 c1'))).toThrow(/offset 2/)
  })
})

function emptyMaps(count: number): Uint8Array {
  const hostile = repeat(0x80, count + 5)
  hostile[0] = 0xdd
  new DataView(hostile.buffer).setUint32(1, count)
  return hostile
}
