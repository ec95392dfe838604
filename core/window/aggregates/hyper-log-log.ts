/**
 * HyperLogLog (Flajolet et al. 2007) over 64-bit hashes, with the estimator of Otmar Ertl ("New cardinality estimation
 * algorithms for HyperLogLog sketches", 2017, algorithm 6), which has no bias at any size and needs no tables.
 *
 * Sparse, while it is smaller: a sorted list of `register << 6 | rank`. Dense: a byte for each of the 2^precision registers.
 * Which of the two depends on the values alone, not on their order or on merges.
 */
export type HyperLogLog = number[] | Uint8Array

const RANK_BITS = 6
const RANK_MASK = 63
const HASH_BITS = 64

/** A list entry takes 8 bytes in memory. */
function sparseLimit(precision: number): number {
  return (1 << precision) >>> 3
}

/** `high` and `low` are two independent 32-bit hashes of one value. */
export function addHash(sketch: HyperLogLog, high: number, low: number, precision: number): HyperLogLog {
  const register = high >>> (32 - precision)
  const rest = high << precision
  const rank = rest === 0 ? 33 - precision + Math.clz32(low) : 1 + Math.clz32(rest)
  if (Array.isArray(sketch)) return addSparse(sketch, register, rank, precision)
  if (rank > sketch[register]!) sketch[register] = rank
  return sketch
}

export function mergeHyperLogLog(left: HyperLogLog, right: HyperLogLog, precision: number): HyperLogLog {
  if (Array.isArray(right)) {
    let merged = left
    for (const entry of right) {
      const register = entry >>> RANK_BITS
      const rank = entry & RANK_MASK
      if (Array.isArray(merged)) merged = addSparse(merged, register, rank, precision)
      else if (rank > merged[register]!) merged[register] = rank
    }
    return merged
  }
  const registers = Array.isArray(left) ? toDense(left, precision) : left
  for (let register = 0; register < registers.length; register++) {
    if (right[register]! > registers[register]!) registers[register] = right[register]!
  }
  return registers
}

export function estimateCardinality(sketch: HyperLogLog, precision: number): number {
  const registers = 1 << precision
  const highestRank = HASH_BITS - precision + 1
  const registersByRank = new Array<number>(highestRank + 1).fill(0)
  if (Array.isArray(sketch)) {
    registersByRank[0] = registers - sketch.length
    for (const entry of sketch) registersByRank[entry & RANK_MASK]! += 1
  } else {
    for (const rank of sketch) registersByRank[rank]! += 1
  }
  let sum = registers * tau(1 - registersByRank[highestRank]! / registers)
  for (let rank = highestRank - 1; rank >= 1; rank--) sum = 0.5 * (sum + registersByRank[rank]!)
  sum += registers * sigma(registersByRank[0]! / registers)
  return Math.round(registers ** 2 / (2 * Math.LN2 * sum))
}

function addSparse(entries: number[], register: number, rank: number, precision: number): HyperLogLog {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entries[middle]! >>> RANK_BITS < register) low = middle + 1
    else high = middle
  }
  const found = low < entries.length ? entries[low]! : -1
  const entry = (register << RANK_BITS) | rank
  if (found >= 0 && found >>> RANK_BITS === register) {
    if (entry > found) entries[low] = entry
    return entries
  }
  entries.splice(low, 0, entry)
  return entries.length > sparseLimit(precision) ? toDense(entries, precision) : entries
}

function toDense(entries: readonly number[], precision: number): Uint8Array {
  const registers = new Uint8Array(1 << precision)
  for (const entry of entries) registers[entry >>> RANK_BITS] = entry & RANK_MASK
  return registers
}

/** x + sum over k >= 1 of x^(2^k) 2^(k-1): what the empty registers say. */
function sigma(emptyShare: number): number {
  if (emptyShare === 1) return Number.POSITIVE_INFINITY
  let power = emptyShare
  let factor = 1
  let sum = emptyShare
  for (let before = -1; sum !== before; ) {
    before = sum
    power *= power
    sum += power * factor
    factor += factor
  }
  return sum
}

/** (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3: what the full registers say. */
function tau(notFullShare: number): number {
  if (notFullShare === 0 || notFullShare === 1) return 0
  let root = notFullShare
  let factor = 1
  let sum = 1 - notFullShare
  for (let before = -1; sum !== before; ) {
    before = sum
    root = Math.sqrt(root)
    factor *= 0.5
    sum -= (1 - root) ** 2 * factor
  }
  return sum / 3
}
