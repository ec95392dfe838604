import type { WatermarkFloor } from '../../core/checkpoint/manifest.js'
import type { KeyGroupRange } from '../../core/state/backend.js'

/** What one stage of one subtask contributes to a checkpoint. Already encoded where it is keyed. */
export interface StageSnapshot {
  readonly nodeId: string
  /** The last watermark that the stage has worked off; MIN_WATERMARK when none. */
  readonly watermark: number
  /** Key groups that were ahead of it before the restore, and still are. */
  readonly floors: readonly WatermarkFloor[]
  readonly range: KeyGroupRange
  /** Encoded key groups, in order; groups without state are absent. */
  readonly groups: readonly (readonly [group: number, data: Uint8Array])[]
  /** Operator state: plain data entries. */
  readonly list: readonly unknown[]
  /** What becomes visible when the checkpoint completes. */
  readonly committables: readonly unknown[]
}

/** What a stage starts from. The empty one is a fresh start. */
export interface StageRestore {
  readonly group: (group: number) => Uint8Array | undefined
  readonly list: readonly unknown[]
  readonly watermarkOf: (group: number) => number
  /** The minimum over the subtask's groups. */
  readonly watermark: number
}
