import { HOSTILE_BYTES, nested } from './hostile-bytes.js'
import type { RandomSource } from './random-source.js'

type Mutator = (bytes: Uint8Array, random: RandomSource, others: readonly Uint8Array[]) => Uint8Array

/** Changes that know nothing of what the bytes mean. */
const MUTATORS: readonly Mutator[] = [
  (bytes, random) => {
    const flipped = bytes.slice()
    for (let count = 1 + random.below(8); count > 0 && flipped.length > 0; count--) {
      const at = random.below(flipped.length)
      flipped[at] = (flipped[at] as number) ^ (1 << random.below(8))
    }
    return flipped
  },
  (bytes, random) => {
    const set = bytes.slice()
    if (set.length > 0) set[random.below(set.length)] = random.pick([0, 0x7f, 0x80, 0x91, 0xc1, 0xd4, 0xdd, 0xff])
    return set
  },
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, random) => joined(bytes, random.bytes(1 + random.below(64))),
  // A piece of another object in the place of a piece of this one.
  (bytes, random, others) => {
    const other = random.pick(others)
    const from = random.below(other.length + 1)
    const piece = other.subarray(from, from + random.below(200))
    return spliced(bytes, { at: random.below(bytes.length + 1), remove: random.below(piece.length + 1), piece })
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1)
    return spliced(bytes, { at, remove: random.below(16), piece: new Uint8Array() })
  },
  (bytes, random) => {
    const piece = random.pick(HOSTILE_BYTES)
    const at = random.below(bytes.length + 1)
    return spliced(bytes, { at, remove: random.chance(0.5) ? piece.length : 0, piece })
  },
  (bytes, random) => {
    const piece = nested(random.pick([0x91, 0x81, 0x92]), random.pick([10, 63, 64, 65, 1000, 20_000]))
    return spliced(bytes, { at: random.below(bytes.length + 1), remove: 0, piece })
  },
  // Something else altogether.
  (_bytes, random, others) => random.pick(others),
]

export const mutateBytes: Mutator = (bytes, random, others) => {
  let mutated = bytes
  for (let count = 1 + random.below(3); count > 0; count--) mutated = random.pick(MUTATORS)(mutated, random, others)
  return mutated
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function spliced(
  bytes: Uint8Array,
  { at, remove, piece }: { readonly at: number; readonly remove: number; readonly piece: Uint8Array },
): Uint8Array {
  return joined(bytes.subarray(0, at), piece, bytes.subarray(Math.min(bytes.length, at + remove)))
}
