import type { CheckpointManifest, OperatorManifest, SubtaskManifest } from '../../core/checkpoint/manifest.js'
import { watermarkByGroup } from '../../core/checkpoint/redistribute.js'
import { encode } from '../../core/codec/index.js'
import { TidemarkError } from '../../core/errors.js'
import type { StoredLayout } from '../../core/state/component.js'
import { keyGroupOf, keyGroupRange } from '../../core/state/key-groups.js'
import type { ObjectStore } from '../storage/object-store.js'
import { decodePair } from './decode-pair.js'
import type { KeyedEntry } from './entries.js'
import { KeyedStateWriter } from './keyed-state-writer.js'
import { type Layout, layoutOf, stateNameOf } from './layouts.js'
import { placeOf } from './operator-frames.js'
import { pairsOf } from './operator-pairs.js'
import { entryInvalid, layoutUnknown } from './savepoint-error.js'
import { pairOf, type StoredPair } from './stored-entry.js'
import { pairFor } from './stored-state.js'

export interface Rewrite {
  readonly from: ObjectStore
  readonly to: ObjectStore
  readonly manifest: CheckpointManifest
  readonly operator: OperatorManifest
  /** The operator's id from now on. */
  readonly id: string
  readonly maxParallelism: number
  readonly mapState: ((operatorId: string, state: string, entry: KeyedEntry) => KeyedEntry | undefined) | undefined
  /** Counts what is read and dropped. */
  readonly entries: { read: number; dropped: number }
}

/** Writes an operator's keyed state anew, entry by entry. Everything else of the subtasks is as it was. */
export async function rewriteKeyed(rewrite: Rewrite): Promise<SubtaskManifest[]> {
  const { from, to, manifest, operator, id, maxParallelism, mapState, entries } = rewrite
  const parallelism = operator.subtasks.length
  const place = placeOf(from, operator)
  const writer = new KeyedStateWriter({
    store: to,
    operatorId: id,
    parallelism,
    maxParallelism,
    checkpoint: manifest.id,
  })
  let current: { readonly stored: StoredLayout; readonly layout: Layout } | undefined
  for await (const pair of pairsOf(from, operator, () => true)) {
    const { component, stored } = pair
    if (current?.stored !== stored) {
      const layout = layoutOf(component, stored)
      if (layout === undefined) throw layoutUnknown(place, component, `${stored.layout}, version ${stored.version}`)
      current = { stored, layout }
    }
    const decoded = decodePair(place, current.layout, pair, manifest.maxParallelism)
    const [first] = decoded
    if (first === undefined) continue
    entries.read += decoded.length
    const group = keyGroupOf(first.key, maxParallelism)
    const kept: StoredPair | undefined = mapState
      ? mapped(rewrite, mapState, { state: stateNameOf(component), decoded })
      : pair
    if (kept !== undefined) await writer.add(component, stored, group, kept)
  }
  const keyed = await writer.finish()
  return regrouped(rewrite, keyed)
}

/** Undefined: nothing of it stays. */
function mapped(
  { operator, entries }: Rewrite,
  mapState: NonNullable<Rewrite['mapState']>,
  { state, decoded }: { readonly state: string; readonly decoded: readonly KeyedEntry[] },
): StoredPair | undefined {
  const kept: KeyedEntry[] = []
  for (const entry of decoded) {
    const identity = identityOf(entry)
    const made = mapState(operator.id, state, entry)
    if (made === undefined) {
      entries.dropped++
      continue
    }
    if (typeof made !== 'object' || made === null || made.kind !== entry.kind || identityOf(made) !== identity) {
      throw entryInvalid(
        operator.id,
        `mapState gave another one than it got of '${state}': key, state, kind, mapKey, window and timestamp have to ` +
          'stay, and lastAccess where it was; to change them read the savepoint and write a new one',
      )
    }
    kept.push(made)
  }
  const [first, ...others] = kept
  return first === undefined ? undefined : pairFor(operator.id, [first, ...others])
}

const latin1 = new TextDecoder('latin1')

/** Of state with a time to live the times may change, but they have to be there. */
function identityOf(entry: KeyedEntry): string {
  const window = entry.kind === 'window' ? [entry.layout, entry.window.start, entry.window.end] : []
  const isTimed = 'lastAccess' in entry && entry.lastAccess !== undefined
  return latin1.decode(encode([entry.state, isTimed, pairOf(entry).key, ...window]))
}

/** The subtasks with their new objects and, where max parallelism is another, their new key groups. */
function regrouped(rewrite: Rewrite, keyed: readonly SubtaskManifest['keyed'][]): SubtaskManifest[] {
  const { operator, manifest, maxParallelism } = rewrite
  const { subtasks } = operator
  if (maxParallelism === manifest.maxParallelism || subtasks.every(({ range }) => range.first === range.end)) {
    return subtasks.map((subtask, index) => ({ ...subtask, keyed: keyed[index] ?? [] }))
  }
  const watermarks = new Set(watermarkByGroup(operator, manifest.maxParallelism))
  if (watermarks.size > 1 && keyed.some((refs) => refs.length > 0)) throw watermarksDiffer(operator.id)
  const lowest = Math.min(...watermarks)
  const watermark = lowest === Number.NEGATIVE_INFINITY ? null : lowest
  return subtasks.map((subtask, index) => ({
    ...subtask,
    range: keyGroupRange(index, subtasks.length, maxParallelism),
    watermark,
    floors: [],
    keyed: keyed[index] ?? [],
  }))
}

/** Keys of groups that are at different times would meet in one group, which has one time. */
function watermarksDiffer(operatorId: string): TidemarkError {
  return new TidemarkError({
    code: 'SAVEPOINT_WATERMARKS_DIFFER',
    domain: 'user',
    operatorId,
    message:
      `operator '${operatorId}': expected key groups at the same event time, found several watermarks, so that max ` +
      'parallelism cannot change; let the job run on until they have met (after a restore one watermark is enough), ' +
      'and take another savepoint',
  })
}
