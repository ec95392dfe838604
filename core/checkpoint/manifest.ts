import type { KeyGroupRange } from '../state/backend.js'
import type { OperatorStateSnapshot } from '../state/operator-state.js'

/** An object of a checkpoint: verified by length and CRC-32 (IEEE) before a byte of it is decoded. */
export interface ObjectRef {
  readonly name: string
  readonly length: number
  readonly crc32: number
}

/** An object of keyed state. Several checkpoints may name it. */
export interface KeyedObjectRef extends ObjectRef {
  /** That it was written for. */
  readonly checkpoint: number
}

/** Key groups whose event time is ahead of their subtask's. */
export interface WatermarkFloor extends KeyGroupRange {
  readonly watermark: number
}

export interface SubtaskManifest {
  readonly range: KeyGroupRange
  /** Null: none yet. The maximum watermark is never stored. */
  readonly watermark: number | null
  /** What key groups had reached before an earlier restore, and the subtask has not reached since. */
  readonly floors: readonly WatermarkFloor[]
  /** Keyed state: to be read in this order. */
  readonly keyed: readonly KeyedObjectRef[]
  /** Operator state and committables. Null: there are none. */
  readonly state: ObjectRef | null
}

export interface OperatorManifest {
  readonly id: string
  readonly kind: 'source' | 'operator' | 'sink'
  /** Of what the operator keeps beside keyed state: of a source's splits, of a sink's committables. */
  readonly version: number
  /** One a subtask, in order. */
  readonly subtasks: readonly SubtaskManifest[]
  /** Of a source: what its enumerator has discovered. */
  readonly enumerator?: ObjectRef
}

/**
 * How the input stood: `open`, `finished` (every source had ended, everything was worked off), `drained` (ended on
 * request, though there may be more to read).
 */
export type InputState = 'open' | 'finished' | 'drained'

/** What a checkpoint consists of. Written after all objects it names; it counts once the job's log names it. */
export interface CheckpointManifest {
  readonly format: 'tidemark-checkpoint' | 'tidemark-savepoint'
  /** 0 until release 0.1.0: may change without a migration. */
  readonly version: 0
  /** The release of Tidemark that wrote it. */
  readonly tidemark: string
  /** Wall-clock time of its barrier, epoch milliseconds. */
  readonly triggeredAt: number
  readonly job: string
  readonly lineage: string
  readonly generation: number
  readonly id: number
  readonly fingerprint: string
  readonly maxParallelism: number
  readonly input: InputState
  readonly operators: readonly OperatorManifest[]
}

/** The contents of a subtask's state object. */
export interface SubtaskState {
  readonly operatorState: readonly OperatorStateSnapshot[]
  readonly committables: readonly unknown[]
}

/** The contents of an enumerator's object. */
export interface EnumeratorState {
  /** Ids of all splits that were discovered, but for those that are gone and need not be remembered. */
  readonly known: readonly string[]
  /** Those that no subtask has been given yet: their parents are being read. Absent: none. */
  readonly waiting?: readonly { readonly id: string }[]
  readonly custom: unknown
}
