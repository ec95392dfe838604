import type { KeyedObjectRef, OperatorManifest } from '../../core/checkpoint/manifest.js'
import { encode } from '../../core/codec/index.js'
import type { StoredLayout } from '../../core/state/component.js'
import { ABSENT, type Frame, readFrame } from '../../core/state/frames.js'
import { checksum } from '../storage/checksum.js'
import type { ObjectStore } from '../storage/object-store.js'
import { framesOfSubtask, type LocatedFrame, located, placeOf } from './operator-frames.js'
import { stateCorrupt } from './savepoint-error.js'
import type { StoredPair } from './stored-entry.js'

/** A key and value of keyed state, as stored. */
export interface LocatedPair extends StoredPair {
  readonly component: string
  readonly stored: StoredLayout
  readonly group: number
  /** The object that it was found in. */
  readonly object: string
}

/**
 * All pairs of an operator's components, each once. State that one checkpoint wrote whole is read object by object. Where
 * increments build upon it, a first pass looks where the frames of each key group lie, and then one group of a component
 * is put together at a time: what is held is one object or one group.
 * @throws TidemarkError CHECKPOINT_CORRUPT, CHECKPOINT_OBJECT_MISSING
 */
export async function* pairsOf(
  store: ObjectStore,
  operator: OperatorManifest,
  isWanted: (component: string) => boolean,
): AsyncGenerator<LocatedPair> {
  for (const [subtask, { keyed }] of operator.subtasks.entries()) {
    const isWhole = keyed.every(({ checkpoint }) => checkpoint === keyed[0]?.checkpoint)
    const pairs = isWhole ? wholePairs : mergedPairs
    yield* pairs({ store, operator, subtask, isWanted })
  }
}

interface Wanted {
  readonly store: ObjectStore
  readonly operator: OperatorManifest
  readonly subtask: number
  readonly isWanted: (component: string) => boolean
}

async function* wholePairs({ store, operator, subtask, isWanted }: Wanted): AsyncGenerator<LocatedPair> {
  const place = placeOf(store, operator)
  for await (const { frame, object } of framesOfSubtask(store, operator, subtask)) {
    const { component, group, entries, base } = frame
    if (base !== 0) {
      throw stateCorrupt(place, `${object.name}: what was added to checkpoint ${base}, but not that checkpoint`)
    }
    if (!isWanted(component)) continue
    while (entries.hasMore) {
      const pair = located(place, object.name, () => {
        const key = entries.value()
        const value = entries.valueOrAbsent()
        if (value === ABSENT) throw stateCorrupt(place, `${object.name}: a deletion in state that is whole`)
        return { key, value }
      })
      yield { ...pair, component, stored: frame, group, object: object.name }
    }
  }
}

/** Frames of one component and key group that lie one behind the other in one object. */
interface Extent {
  readonly object: KeyedObjectRef
  readonly base: number
  readonly start: number
  end: number
  /** Of each payload: its length and CRC-32, because a part of an object has no checksum of its own. */
  readonly payloads: { readonly length: number; readonly crc32: number }[]
}

/** A frame's header: length and key group. */
const HEADER_BYTES = 8

async function* mergedPairs(wanted: Wanted): AsyncGenerator<LocatedPair> {
  const { store, operator, subtask } = wanted
  const runs = new Map<string, Map<number, { readonly stored: StoredLayout; readonly extents: Extent[] }>>()
  for await (const found of framesOfSubtask(store, operator, subtask)) {
    const { component, layout, version, group } = found.frame
    if (!wanted.isWanted(component)) continue
    const groups = runs.get(component) ?? new Map<number, { stored: StoredLayout; extents: Extent[] }>()
    runs.set(component, groups)
    const run = groups.get(group) ?? { stored: { layout, version }, extents: [] }
    groups.set(group, run)
    addExtent(run.extents, found)
  }
  for (const [component, groups] of runs) {
    for (const [group, { stored, extents }] of groups) {
      const merged = new MergedGroup()
      for (const extent of extents) await readExtent(wanted, extent, merged)
      const object = extents.at(-1)?.object.name ?? ''
      for (const pair of merged.pairs()) yield { ...pair, component, stored, group, object }
    }
  }
}

function addExtent(extents: Extent[], { frame, raw, object, offset }: LocatedFrame): void {
  const payload = { length: raw.payload.length, crc32: checksum(raw.payload) }
  const last = extents.at(-1)
  const end = offset + payload.length
  if (last !== undefined && last.object === object && last.end === offset - HEADER_BYTES) {
    last.end = end
    last.payloads.push(payload)
  } else extents.push({ object, base: frame.base, start: offset - HEADER_BYTES, end, payloads: [payload] })
}

async function readExtent({ store, operator }: Wanted, extent: Extent, into: MergedGroup): Promise<void> {
  const place = placeOf(store, operator)
  const { object, start, end, payloads, base } = extent
  const corrupt = (found: string): Error => stateCorrupt(place, `${object.name}: ${found}`)
  const data = await store.readRange(object.name, start, end)
  if (data === undefined || data.length !== end - start) throw corrupt('it changed while it was read')
  into.begin(object.checkpoint, base, corrupt)
  let at = 0
  for (const { length, crc32 } of payloads) {
    const payload = data.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length)
    if (checksum(payload) !== crc32) throw corrupt('it changed while it was read')
    const frame = located(place, object.name, () => readFrame({ group: 0, payload }, corrupt))
    located(place, object.name, () => into.apply(frame))
    at += HEADER_BYTES + length
  }
}

/** The pairs of one component and key group, put together from runs: what KeyedRestore does, without a component. */
class MergedGroup {
  /** By what a key begins with, so that a deletion can be of all of it: a window's start, the key of a map. */
  private readonly spaces = new Map<string, Map<string, StoredPair>>()
  private newest: number | undefined

  begin(checkpoint: number, base: number, corrupt: (found: string) => Error): void {
    if (checkpoint === this.newest) return
    if (base === 0) this.spaces.clear()
    else if (this.newest === undefined) {
      throw corrupt(`what was added to checkpoint ${base}, but not that checkpoint`)
    }
    this.newest = checkpoint
  }

  apply({ entries }: Frame): void {
    while (entries.hasMore) {
      const key = entries.value()
      const value = entries.valueOrAbsent()
      const space = textOf(Array.isArray(key) ? key[0] : undefined)
      if (value !== ABSENT) this.open(space).set(textOf(key), { key, value })
      // One part alone: the space as a whole.
      else if (Array.isArray(key) && key.length === 1) this.spaces.delete(space)
      else this.spaces.get(space)?.delete(textOf(key))
    }
  }

  *pairs(): IterableIterator<StoredPair> {
    for (const space of this.spaces.values()) yield* space.values()
  }

  private open(space: string): Map<string, StoredPair> {
    const found = this.spaces.get(space)
    if (found !== undefined) return found
    const opened = new Map<string, StoredPair>()
    this.spaces.set(space, opened)
    return opened
  }
}

const latin1 = new TextDecoder('latin1')

/** Equal for equal keys alone. */
function textOf(key: unknown): string {
  return latin1.decode(encode(key))
}
