import { MIN_WATERMARK } from '../../core/element.js'
import type { RestoredWatermarks } from '../../core/operators/operator.js'
import type { KeyGroupRange } from '../../core/state/backend.js'

/** An object of keyed state, as a checkpoint wrote it. */
export interface StateObject {
  readonly checkpointId: number
  readonly bytes: Uint8Array
}

/** All that an operator, on any number of subtasks, keeps over a restart; encoded as in a checkpoint. */
export interface OperatorSnapshot {
  /** Those of one subtask in the order of their checkpoints. */
  readonly objects: readonly StateObject[]
  /** By key group. */
  readonly watermarks: ReadonlyMap<number, number>
  /** By subtask: what `snapshotOperatorState` gave. */
  readonly operatorState: readonly Uint8Array[]
}

export const EMPTY_SNAPSHOT: OperatorSnapshot = { objects: [], watermarks: new Map(), operatorState: [] }

/** The snapshots of subtasks with different key groups as one. */
export function joinSnapshots(parts: readonly OperatorSnapshot[]): OperatorSnapshot {
  return {
    objects: parts.flatMap((part) => part.objects),
    watermarks: new Map(parts.flatMap((part) => [...part.watermarks])),
    operatorState: parts.flatMap((part) => part.operatorState),
  }
}

export function restoredWatermarks(snapshot: OperatorSnapshot, range: KeyGroupRange): RestoredWatermarks {
  const floorOf = (group: number): number => snapshot.watermarks.get(group) ?? MIN_WATERMARK
  let minimum = Number.POSITIVE_INFINITY
  for (let group = range.first; group < range.end; group++) minimum = Math.min(minimum, floorOf(group))
  return { minimum: range.first < range.end ? minimum : MIN_WATERMARK, floorOf }
}
