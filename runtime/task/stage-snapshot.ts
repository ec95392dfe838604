import type { ObjectRef, WatermarkFloor } from '../../core/checkpoint/manifest.js'
import type { KeyGroupRange } from '../../core/state/backend.js'
import type { OperatorStateMode, OperatorStateSnapshot } from '../../core/state/operator-state.js'

/** Operator state as of the barrier: encoded there, because it may alias what lives. */
export interface EncodedOperatorState {
  readonly name: string
  readonly mode: OperatorStateMode
  /** The entries, as one array of the state codec. */
  readonly entries: Uint8Array
}

/** What one stage of one subtask contributes to a checkpoint. Its keyed state is in storage already. */
export interface StageSnapshot {
  readonly nodeId: string
  /** The last watermark that the stage has worked off; MIN_WATERMARK when none. */
  readonly watermark: number
  /** Key groups that were ahead of it before the restore, and still are. */
  readonly floors: readonly WatermarkFloor[]
  readonly range: KeyGroupRange
  /** Objects of keyed state that were written for this checkpoint, in order. */
  readonly objects: readonly ObjectRef[]
  /** Checkpoints whose objects, those of this one among them, make up the keyed state. */
  readonly needed: readonly number[]
  readonly operatorState: readonly EncodedOperatorState[]
  /** What becomes visible when the checkpoint completes. */
  readonly committables: readonly unknown[]
}

/** An object of keyed state, to be fetched when its turn comes. */
export interface StoredObjectRef {
  /** In the storage, for messages. */
  readonly name: string
  readonly checkpoint: number
  readonly read: () => Promise<Uint8Array>
}

/** What a stage starts from. The empty one is a fresh start. */
export interface StageRestore {
  /** Those that may hold key groups of the subtask; of each stored subtask the oldest first. */
  readonly objects: readonly StoredObjectRef[]
  /** Dealt out to the subtask already. */
  readonly operatorState: readonly OperatorStateSnapshot[]
  readonly watermarkOf: (group: number) => number
  /** The minimum over the subtask's groups. */
  readonly watermark: number
}
