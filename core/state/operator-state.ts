import { TidemarkError } from '../errors.js'

/**
 * How state that has no key is dealt out over subtasks when it is restored. `list`: each entry to one subtask, evenly.
 * `union`: all entries to every subtask. `broadcast`: every subtask had the same, and gets it again.
 */
export type OperatorStateMode = 'list' | 'union' | 'broadcast'

/** One state of one subtask. `name` is unique in the operator and part of the savepoint. */
export interface OperatorStateSnapshot {
  readonly name: string
  readonly mode: OperatorStateMode
  /** Plain data. May alias live state: whoever takes the snapshot encodes it before anything else runs. */
  readonly entries: readonly unknown[]
}

/**
 * What one subtask gets of the states that a checkpoint holds. Performs no I/O.
 *
 * 1. `list`: at the stored parallelism each subtask gets its own entries back. At any other the entries of all, in the
 *    order of the stored subtasks, are cut into parts whose lengths differ by one at most.
 * 2. `union`: the entries of all, in that order.
 * 3. `broadcast`: the copy of the first stored subtask that has one.
 *
 * A name that any stored subtask has is there, with no entries if need be.
 * @param stored by stored subtask
 * @throws TidemarkError CHECKPOINT_CORRUPT when a state has two modes
 */
export function redistributeOperatorState(
  stored: readonly (readonly OperatorStateSnapshot[])[],
  subtask: number,
  parallelism: number,
): readonly OperatorStateSnapshot[] {
  const modes = new Map<string, OperatorStateMode>()
  for (const { name, mode } of stored.flat()) {
    const before = modes.get(name)
    if (before !== undefined && before !== mode) throw twoModes(name, before, mode)
    modes.set(name, mode)
  }
  const target = { subtask, parallelism }
  return [...modes].map(([name, mode]) => {
    const copies = stored.map((states) => states.find((state) => state.name === name)?.entries)
    return { name, mode, entries: entriesOf(mode, copies, target) }
  })
}

/** Of a list that all subtasks know, the part that is one subtask's: each entry is in exactly one. */
export function evenShare<T>(entries: readonly T[], subtask: number, parallelism: number): readonly T[] {
  const first = Math.floor((subtask * entries.length) / parallelism)
  return entries.slice(first, Math.floor(((subtask + 1) * entries.length) / parallelism))
}

interface Target {
  readonly subtask: number
  readonly parallelism: number
}

function entriesOf(
  mode: OperatorStateMode,
  copies: readonly (readonly unknown[] | undefined)[],
  { subtask, parallelism }: Target,
): readonly unknown[] {
  switch (mode) {
    case 'broadcast':
      return copies.find((copy) => copy !== undefined) ?? []
    case 'union':
      return copies.flatMap((copy) => copy ?? [])
    case 'list':
      if (copies.length === parallelism) return copies[subtask] ?? []
      return evenShare(
        copies.flatMap((copy) => copy ?? []),
        subtask,
        parallelism,
      )
  }
}

function twoModes(name: string, one: OperatorStateMode, other: OperatorStateMode): TidemarkError {
  return new TidemarkError({
    code: 'CHECKPOINT_CORRUPT',
    domain: 'storage',
    message: `operator state '${name}': expected one mode in all subtasks, found ${one} and ${other}`,
  })
}
