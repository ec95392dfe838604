import { keyGroupOf } from '../../core/state/key-groups.js'
import type { KeyedEntry } from './entries.js'
import type { Layout } from './layouts.js'
import { located } from './operator-frames.js'
import type { LocatedPair } from './operator-pairs.js'
import { type Place, stateCorrupt } from './savepoint-error.js'
import { entriesOf } from './stored-entry.js'

/**
 * What a stored pair stands for: one entry, or all windows of a key. That the key belongs to its group is verified.
 * @throws TidemarkError CHECKPOINT_CORRUPT
 */
export function decodePair(
  place: Place,
  layout: Layout,
  pair: LocatedPair,
  maxParallelism: number,
): readonly KeyedEntry[] {
  const corrupt = (found: string): Error => stateCorrupt(place, `${pair.object}: ${found}`)
  return located(place, pair.object, () => {
    const entries = entriesOf(layout, pair.stored, pair, corrupt)
    const [first] = entries
    // Entries of a pair have one key.
    const group = first === undefined ? pair.group : keyGroupOf(first.key, maxParallelism)
    if (group !== pair.group) throw corrupt(`a key of group ${group} in group ${pair.group}`)
    return entries
  })
}
