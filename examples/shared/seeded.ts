/** Made-up data that is the same for the same seed on every machine. */
export interface Seeded {
  /** In [0, 1). */
  next(): number
  /** A whole number from `first` to `last`, both included. */
  between(first: number, last: number): number
  one<T>(values: readonly T[]): T
  /** Exponential: how long until the next of what comes independently. */
  wait(mean: number): number
}

/** Xorshift of 32 bits (Marsaglia, 2003). */
export function seeded(seed: number): Seeded {
  // Zero stays zero for ever; neighbouring seeds begin alike without the multiplication.
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bf03635) >>> 0 || 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 4_294_967_296
  }
  const between = (first: number, last: number): number => first + Math.floor(next() * (last - first + 1))
  return {
    next,
    between,
    one: (values) => values[between(0, values.length - 1)]!,
    wait: (mean) => -Math.log(1 - next()) * mean,
  }
}
