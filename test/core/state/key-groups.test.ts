import fc from 'fast-check'
import reference from 'murmurhash3js-revisited'
import { describe, expect, it } from 'vitest'
import type { Key } from '../../../core/state/key.js'
import { encodeKey, hashKey } from '../../../core/state/key-codec.js'
import { defaultMaxParallelism, keyGroupOf, keyGroupRange, subtaskOfGroup } from '../../../core/state/key-groups.js'
import { anyKey } from './key-arbitraries.js'

/** Frozen: savepoints rest on it. Key, canonical bytes, hash, group of 128. */
const GOLDEN: readonly (readonly [Key, string, number, number])[] = [
  ['', '73', 4283091697, 113],
  ['a', '7361', 1256513470, 62],
  ['dr5rsjk', '7364723572736a6b', 3668053562, 58],
  ['é', '73c3a9', 1773794904, 88],
  ['€', '73e282ac', 37103794, 50],
  ['😀', '73f09f9880', 4237865088, 0],
  ['\0', '7300', 3997042778, 90],
  ['\0t', '730074', 433305855, 127],
  [0, '6e0000000000000000', 725683886, 46],
  [-0, '6e0000000000000000', 725683886, 46],
  [1, '6e3ff0000000000000', 171883822, 46],
  [-1, '6ebff0000000000000', 2923892025, 57],
  [0.1, '6e3fb999999999999a', 3296401322, 42],
  [1e21, '6e444b1ae4d6e2ef50', 320718515, 51],
  [Number.MAX_SAFE_INTEGER, '6e433fffffffffffff', 1024879518, 30],
  [Number.MIN_VALUE, '6e0000000000000001', 970144368, 112],
  [0n, '6901', 3331713064, 40],
  [1n, '690101', 131646844, 124],
  [-1n, '690001', 2995640528, 80],
  [255n, '6901ff', 3423374533, 69],
  [256n, '69010100', 3447244503, 87],
  [2n ** 64n, '6901010000000000000000', 737823007, 31],
  [-(2n ** 70n), '6900400000000000000000', 1156392257, 65],
  [true, '6201', 2024985674, 74],
  [false, '6200', 1556475527, 7],
  [[], '74', 3397902157, 77],
  [['a'], '74000000027361', 1102921637, 37],
  [['ab', 'c'], '7400000003736162000000027363', 8507356, 92],
  [['a', 'bc'], '7400000002736100000003736263', 2560234980, 100],
  [['dr5rsj', 'JFK'], '74000000077364723572736a00000004734a464b', 3514245123, 3],
  [[1, 1n, true, ''], '74000000096e3ff0000000000000000000036901010000000262010000000173', 610094135, 55],
  [[-0], '74000000096e0000000000000000', 3284462202, 122],
]

const layout = fc.integer({ min: 1, max: 32_768 }).chain((maxParallelism) =>
  fc.record({
    maxParallelism: fc.constant(maxParallelism),
    parallelism: fc.integer({ min: 1, max: maxParallelism }),
  }),
)

describe('key groups', () => {
  it('of the golden keys never change: bytes, hash and group', () => {
    for (const [key, hex, hash, group] of GOLDEN) {
      expect(Buffer.from(encodeKey(key)).toString('hex')).toBe(hex)
      expect(hashKey(key)).toBe(hash)
      expect(reference.x86.hash32(Buffer.from(hex, 'hex'))).toBe(hash)
      expect(keyGroupOf(key, 128)).toBe(group)
    }
  })

  it('group = hash(canonical key bytes) mod maxParallelism', () => {
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 1, max: 32_768 }), (key, maxParallelism) => {
        expect(keyGroupOf(key, maxParallelism)).toBe(reference.x86.hash32(encodeKey(key)) % maxParallelism)
      }),
    )
  })

  it('subtask = floor(group * P / maxP), and the range of a subtask holds exactly its groups', () => {
    fc.assert(
      fc.property(layout, fc.double({ min: 0, max: 1, noNaN: true }), ({ parallelism, maxParallelism }, where) => {
        const group = Math.min(Math.floor(where * maxParallelism), maxParallelism - 1)
        const subtask = subtaskOfGroup(group, parallelism, maxParallelism)
        const range = keyGroupRange(subtask, parallelism, maxParallelism)
        expect(subtask).toBe(Number((BigInt(group) * BigInt(parallelism)) / BigInt(maxParallelism)))
        expect(group).toBeGreaterThanOrEqual(range.first)
        expect(group).toBeLessThan(range.end)
      }),
      { numRuns: 2000 },
    )
  })

  it('ranges of the subtasks follow each other without gap or overlap', () => {
    fc.assert(
      fc.property(layout, ({ parallelism, maxParallelism }) => {
        let next = 0
        for (let subtask = 0; subtask < parallelism; subtask++) {
          const range = keyGroupRange(subtask, parallelism, maxParallelism)
          if (range.first !== next || range.end <= range.first) throw new Error(`gap at ${subtask}`)
          next = range.end
        }
        expect(next).toBe(maxParallelism)
      }),
      { numRuns: 50 },
    )
  })

  it('range of subtask 1 of 3 with maxParallelism 128 is [43, 85]', () => {
    expect(keyGroupRange(1, 3, 128)).toEqual({ first: 43, end: 86 })
  })

  it.each([
    [1, 128],
    [85, 128],
    [86, 256],
    [200, 512],
    [10_000, 16_384],
    [21_845, 32_768],
    [30_000, 32_768],
  ])(
    'default maxParallelism for parallelism %i is clamp(nextPow2(P + P/2), 128, 32768) = %i',
    (parallelism, expected) => {
      expect(defaultMaxParallelism(parallelism)).toBe(expected)
    },
  )
})
