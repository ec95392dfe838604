import { describe, expect, it } from 'vitest'
import { addHash, estimateCardinality, mergeHyperLogLog } from '../../../../core/window/aggregates/hyper-log-log.js'

const PRECISION = 10
const REGISTERS = 2 ** PRECISION
const HIGHEST_RANK = 64 - PRECISION + 1

/**
 * Registers as `perRegister` values each would leave them, without adding 2^60 values: the highest of n ranks is at most k
 * with probability exp(-n / 2^k), and the registers take the evenly spaced quantiles of that.
 */
function registersAfter(perRegister: number): Uint8Array {
  return Uint8Array.from({ length: REGISTERS }, (_, i) => {
    const probability = (i + 0.5) / REGISTERS
    let rank = 0
    while (rank < HIGHEST_RANK && Math.exp(-perRegister / 2 ** rank) < probability) rank += 1
    return rank
  })
}

describe('HyperLogLog', () => {
  it('estimates without bias from a fraction of a value a register to where 64 bits are used up', () => {
    for (let exponent = -3; exponent <= 56; exponent++) {
      const perRegister = 2 ** exponent
      const estimate = estimateCardinality(registersAfter(perRegister), PRECISION)
      expect(Math.abs(estimate / (perRegister * REGISTERS) - 1), `2^${exponent} a register`).toBeLessThan(0.01)
    }
  })

  it('counts leading zeros through both halves of a hash', () => {
    const ranks: readonly (readonly [high: number, low: number, rank: number])[] = [
      [0x00200000, 0, 1],
      [0x00000001, 0, 22],
      [0, 0x80000000 | 0, 23],
      [0, 1, 54],
      [0, 0, 55],
    ]
    for (const [high, low, rank] of ranks) {
      expect(addHash([], high, low, PRECISION)).toEqual([rank])
      expect((addHash(new Uint8Array(REGISTERS), high, low, PRECISION) as Uint8Array)[0]).toBe(rank)
    }
    // The first bits name the register, in the upper bits of a list entry.
    expect(addHash([], 0xffe00000 | 0, 0, PRECISION)).toEqual([(1023 << 6) | 1])
  })

  it('merges a list into registers and registers into a list', () => {
    const dense = () => registersAfter(1)
    const entries = [(0 << 6) | 40, (7 << 6) | 1, (1023 << 6) | 2]
    const expected = dense()
    expected[0] = 40
    expected[7] = Math.max(expected[7]!, 1)
    expected[1023] = Math.max(expected[1023]!, 2)
    expect(mergeHyperLogLog(dense(), entries, PRECISION)).toEqual(expected)
    expect(mergeHyperLogLog([...entries], dense(), PRECISION)).toEqual(expected)
  })
})
