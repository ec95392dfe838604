import { seededRandom } from '../../core/random.js'

/** Decisions of one case: the same for the same seed. */
export class RandomSource {
  readonly #random: { next(): number }

  constructor(seed: number) {
    this.#random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995)
  }

  /** From 0 up to, not including, `end`. */
  below(end: number): number {
    return Math.floor(this.#random.next() * end)
  }

  chance(probability: number): boolean {
    return this.#random.next() < probability
  }

  pick<T>(values: readonly T[]): T {
    if (values.length === 0) throw new RangeError('there is nothing to pick from')
    return values[this.below(values.length)] as T
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }
}
