import { MIN_WATERMARK } from '../../core/element.js'
import type { RestoredWatermarks } from '../../core/operators/operator.js'
import type { KeyGroupRange } from '../../core/state/backend.js'

/** All that an operator, on any number of subtasks, keeps over a restart; encoded as in a checkpoint. */
export interface OperatorSnapshot {
  readonly groups: ReadonlyMap<number, Uint8Array>
  /** By key group. */
  readonly watermarks: ReadonlyMap<number, number>
  /** Entries of `snapshotList`. */
  readonly list: readonly Uint8Array[]
}

export const EMPTY_SNAPSHOT: OperatorSnapshot = { groups: new Map(), watermarks: new Map(), list: [] }

/** The snapshots of subtasks with different key groups as one. */
export function joinSnapshots(parts: readonly OperatorSnapshot[]): OperatorSnapshot {
  return {
    groups: new Map(parts.flatMap((part) => [...part.groups])),
    watermarks: new Map(parts.flatMap((part) => [...part.watermarks])),
    list: parts.flatMap((part) => part.list),
  }
}

/** What one of several subtasks gets of the list: an even share, in order. */
export function listShare(list: readonly Uint8Array[], index: number, parallelism: number): readonly Uint8Array[] {
  const first = Math.floor((index * list.length) / parallelism)
  return list.slice(first, Math.floor(((index + 1) * list.length) / parallelism))
}

export function restoredWatermarks(snapshot: OperatorSnapshot, range: KeyGroupRange): RestoredWatermarks {
  const floorOf = (group: number): number => snapshot.watermarks.get(group) ?? MIN_WATERMARK
  let minimum = Number.POSITIVE_INFINITY
  for (let group = range.first; group < range.end; group++) minimum = Math.min(minimum, floorOf(group))
  return { minimum: range.first < range.end ? minimum : MIN_WATERMARK, floorOf }
}
