import type { KeyGroupRange } from './backend.js'
import type { Key } from './key.js'
import { hashKey } from './key-codec.js'

/*
 * Key groups: the unit in which keyed state moves between subtasks. A key's group depends on the key and on max
 * parallelism alone, so that a job can be rescaled. Part of the savepoint format.
 */

/** The bounds of the default; a job may set any value from 1 to the larger one. */
const SMALLEST_DEFAULT = 128
export const LARGEST_MAX_PARALLELISM = 32_768

/** @throws TidemarkError KEY_INVALID for whatever is not a key. */
export function keyGroupOf(key: Key, maxParallelism: number): number {
  return hashKey(key) % maxParallelism
}

export function subtaskOfGroup(group: number, parallelism: number, maxParallelism: number): number {
  return Math.floor((group * parallelism) / maxParallelism)
}

/** The groups of one subtask: exactly those that `subtaskOfGroup` gives to it. */
export function keyGroupRange(subtask: number, parallelism: number, maxParallelism: number): KeyGroupRange {
  return {
    first: Math.ceil((subtask * maxParallelism) / parallelism),
    end: Math.ceil(((subtask + 1) * maxParallelism) / parallelism),
  }
}

/** Room to grow by half and more; fixed at a job's first start. */
export function defaultMaxParallelism(parallelism: number): number {
  const wanted = nextPowerOfTwo(parallelism + Math.floor(parallelism / 2))
  return Math.min(Math.max(wanted, SMALLEST_DEFAULT), LARGEST_MAX_PARALLELISM)
}

function nextPowerOfTwo(value: number): number {
  let power = 1
  while (power < value) power *= 2
  return power
}
