import type { Key } from '../state/key.js'
import { compareKeys } from './key-order.js'

/** A row and what it is ranked by. */
export interface Candidate<T> {
  readonly score: number
  /** Of two with one score the smaller one comes first. */
  readonly tie: Key | undefined
  readonly row: T
}

/** Where it goes in a ranking: behind all that it is not strictly before, so that of equal ones the first stays first. */
export function rankIn<T>(ranking: readonly Candidate<T>[], { score, tie }: Candidate<T>): number {
  let low = 0
  let high = ranking.length
  while (low < high) {
    const middle = (low + high) >>> 1
    // Within the ranking.
    if (isBefore(score, tie, ranking[middle] as Candidate<T>)) high = middle
    else low = middle + 1
  }
  return low
}

function isBefore(score: number, tie: Key | undefined, other: Candidate<unknown>): boolean {
  if (score !== other.score) return score > other.score
  return tie !== undefined && other.tie !== undefined && compareKeys(tie, other.tie) < 0
}
