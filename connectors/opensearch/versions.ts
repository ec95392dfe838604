import { TidemarkError } from '../../core/errors.js'

/** What a subtask may write a second, on average: versions of generations that are a second apart never meet. */
const WRITES_A_SECOND = 2 ** 21
const LARGEST = 2n ** 63n - 1n

/**
 * Versions that only grow, from one write of a subtask to the next and from one generation to the next: the second in
 * which the generation was claimed, and the number of the write. They stay below 2^53 until the year 2106.
 */
export class GenerationVersions {
  #next: number

  constructor(claimedAt: number) {
    this.#next = Math.floor(claimedAt / 1000) * WRITES_A_SECOND
  }

  next(): number {
    return this.#next++
  }
}

/** @throws TidemarkError OPENSEARCH_VERSION_INVALID */
export function givenVersion(given: unknown): number | bigint {
  if (typeof given === 'number' && Number.isSafeInteger(given) && given >= 0) return given
  if (typeof given === 'bigint' && given >= 0n && given <= LARGEST) return given
  throw new TidemarkError({
    code: 'OPENSEARCH_VERSION_INVALID',
    domain: 'user',
    message: `versions gives a whole number or a bigint from 0 to 2^63 - 1, found ${typeof given}${typeof given === 'number' ? ` ${given}` : ''}`,
  })
}
