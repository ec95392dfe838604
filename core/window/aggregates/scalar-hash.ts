import type { Scalar } from './types.js'

/**
 * 64 bits of hash for a scalar: two lanes of MurmurHash3 x86 32 (Austin Appleby, public domain) with different seeds,
 * over the UTF-16 code units of a string or the bytes of a float64, both little endian. The seeds tell the types apart,
 * so that 1, '1', 1n and true differ. A part of the savepoint format: frozen by tests.
 */
export interface ScalarHash {
  high: number
  low: number
}

const SEEDS = {
  string: [0x5f3759df, 0x2545f491],
  number: [0x1b56c4e9, 0x7f4a7c15],
  bigint: [0x3c6ef372, 0x510e527f],
  boolean: [0x6a09e667, 0x1f83d9ab],
} as const

const scratch = new DataView(new ArrayBuffer(8))

/** Writes into `hash`: one for each caller, none for each value. */
export function hashScalar(value: Scalar, hash: ScalarHash): void {
  switch (typeof value) {
    case 'string':
      hash.high = hashText(value, SEEDS.string[0])
      hash.low = hashText(value, SEEDS.string[1])
      return
    case 'number':
      // Adding 0 turns -0 into 0.
      scratch.setFloat64(0, value + 0, true)
      hash.high = hashScratch(SEEDS.number[0])
      hash.low = hashScratch(SEEDS.number[1])
      return
    case 'bigint': {
      const digits = value.toString()
      hash.high = hashText(digits, SEEDS.bigint[0])
      hash.low = hashText(digits, SEEDS.bigint[1])
      return
    }
    case 'boolean':
      scratch.setFloat64(0, value ? 1 : 0, true)
      hash.high = hashScratch(SEEDS.boolean[0])
      hash.low = hashScratch(SEEDS.boolean[1])
  }
}

function hashText(text: string, seed: number): number {
  const even = text.length & ~1
  let state = seed
  for (let i = 0; i < even; i += 2) {
    state = mixBlock(state, text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16))
  }
  if (text.length > even) state ^= scramble(text.charCodeAt(even))
  return finish(state ^ (text.length * 2))
}

function hashScratch(seed: number): number {
  return finish(mixBlock(mixBlock(seed, scratch.getInt32(0, true)), scratch.getInt32(4, true)) ^ 8)
}

function scramble(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51)
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593)
}

function mixBlock(state: number, block: number): number {
  const mixed = state ^ scramble(block)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

function finish(state: number): number {
  let mixed = state ^ (state >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) | 0
}
