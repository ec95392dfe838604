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
  const runs = new Map<string, Map<number, Extent[]>>()
  for await (const found of framesOfSubtask(store, operator, subtask)) {
    const { component, group } = found.frame
    if (!wanted.isWanted(component)) continue
    const groups = runs.get(component) ?? new Map<number, Extent[]>()
    runs.set(component, groups)
    const extents = groups.get(group) ?? []
    groups.set(group, extents)
    addExtent(extents, found)
  }
  for (const [component, groups] of runs) {
    for (const [group, extents] of groups) {
      const merged = new MergedGroup()
      for (const extent of extents) await readExtent(wanted, extent, merged)
      const object = extents.at(-1)?.object.name ?? ''
      merged.requireComplete((found) => stateCorrupt(placeOf(store, operator), `${object}: ${found}`))
      for (const pair of merged.pairs()) yield { ...pair, component, group, object }
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
  if (!into.begin(object.checkpoint, base)) return
  let at = 0
  for (const { length, crc32 } of payloads) {
    const payload = data.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length)
    if (checksum(payload) !== crc32) throw corrupt('it changed while it was read')
    const frame = located(place, object.name, () => readFrame({ group: 0, payload }, corrupt))
    located(place, object.name, () => into.apply(frame))
    at += HEADER_BYTES + length
  }
}

/** Runs of one group may be of several versions. */
interface FramedPair extends StoredPair {
  readonly stored: StoredLayout
}

/** The pairs of one component and key group, put together from runs: what KeyedRestore does, without a component. */
class MergedGroup {
  /** By what a key begins with, so that a deletion can be of all of it: a window's start, the key of a map. */
  private readonly spaces = new Map<string, Map<string, FramedPair>>()
  private newest: number | undefined
  /** Checkpoints whose runs make up the pairs so far. */
  private applied: number[] = []
  /** The newest run adds to this one, which is not there; 0: it was applied. */
  private lacks = 0

  /** False: what the run adds to is not there, and nothing needs the run any more. */
  begin(checkpoint: number, base: number): boolean {
    if (checkpoint !== this.newest) {
      if (base === 0) {
        this.spaces.clear()
        this.applied = []
      }
      this.newest = checkpoint
      this.lacks = base === 0 || this.applied.includes(base) ? 0 : base
      if (this.lacks === 0) this.applied.push(checkpoint)
    }
    return this.lacks === 0
  }

  apply(frame: Frame): void {
    const { entries } = frame
    while (entries.hasMore) {
      const key = entries.value()
      const value = entries.valueOrAbsent()
      const space = textOf(Array.isArray(key) ? key[0] : undefined)
      if (value !== ABSENT) this.open(space).set(textOf(key), { key, value, stored: frame })
      // One part alone: the space as a whole.
      else if (Array.isArray(key) && key.length === 1) this.spaces.delete(space)
      else this.spaces.get(space)?.delete(textOf(key))
    }
  }

  requireComplete(corrupt: (found: string) => Error): void {
    if (this.lacks !== 0) throw corrupt(`what was added to checkpoint ${this.lacks}, but not that checkpoint`)
  }

  *pairs(): IterableIterator<FramedPair> {
    for (const space of this.spaces.values()) yield* space.values()
  }

  private open(space: string): Map<string, FramedPair> {
    const found = this.spaces.get(space)
    if (found !== undefined) return found
    const opened = new Map<string, FramedPair>()
    this.spaces.set(space, opened)
    return opened
  }
}

const latin1 = new TextDecoder('latin1')

/** Equal for equal keys alone. */
function textOf(key: unknown): string {
  return latin1.decode(encode(key))
}
