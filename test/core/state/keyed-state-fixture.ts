import type { KeyGroupRange } from '../../../core/state/backend.js'
import type { Key } from '../../../core/state/key.js'
import { toInternalKey } from '../../../core/state/key-codec.js'
import { keyGroupOf } from '../../../core/state/key-groups.js'
import { KeyedState } from '../../../core/state/keyed-state.js'
import type { Aggregate } from '../../../core/window/aggregate.js'

export const MAX_PARALLELISM = 128
export const ALL: KeyGroupRange = { first: 0, end: MAX_PARALLELISM }

export function stateOf(range = ALL): KeyedState {
  return new KeyedState({ operatorId: 'step', range })
}

export function select(state: KeyedState, key: Key, timestamp?: number): void {
  state.setCurrentKey(toInternalKey(key), keyGroupOf(key, MAX_PARALLELISM), timestamp)
}

/** Of all of it, as a savepoint. */
export function save(state: KeyedState): readonly Uint8Array[] {
  const snapshot = state.snapshot({ checkpointId: 1, isSavepoint: true })
  snapshot.work(() => false)
  snapshot.end()
  return snapshot.takeObjects()
}

/** Into a state whose parts are registered. Names of what it does not have. */
export function load(state: KeyedState, objects: readonly Uint8Array[]): readonly string[] {
  const restore = state.restore()
  for (const object of objects) {
    restore.add(object, 1)
    restore.work(() => false)
  }
  restore.finish()
  return restore.unclaimed
}

export function entriesIn(state: KeyedState): number {
  return [...state.sizes.values()].reduce((sum, size) => sum + size, 0)
}

/** The timestamp of the latest value: looks at the row's time. */
export const latest: Aggregate<string, { at: number; value: string }, string> = {
  kind: 'latest',
  create: () => ({ at: Number.NEGATIVE_INFINITY, value: '' }),
  add: (accumulator, value, timestamp) => (timestamp >= accumulator.at ? { at: timestamp, value } : accumulator),
  merge: (left, right) => (right.at >= left.at ? right : left),
  result: ({ value }) => value,
}
