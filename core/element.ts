import type { Origin } from './origin.js'
import type { InternalKey } from './state/key.js'

/** Before everything: the watermark of an input that has said nothing yet. */
export const MIN_WATERMARK = Number.NEGATIVE_INFINITY
/** After everything: no record follows. Emitted at the end of input only, never stored in a checkpoint. */
export const MAX_WATERMARK = Number.POSITIVE_INFINITY
/** The timestamp of a record whose source gave none. */
export const NO_TIMESTAMP = Number.NEGATIVE_INFINITY

/**
 * Rows that travel together: the unit of work everywhere. The arrays have one length. `keys` and `groups` are there
 * only downstream of a `keyBy` (and dropped by whatever changes the values).
 * Nobody changes a batch once it is handed on: several branches of a job may share its arrays.
 */
export class Batch<out T = unknown> {
  readonly values: readonly T[]
  /** Epoch milliseconds, or NO_TIMESTAMP. */
  readonly timestamps: readonly number[]
  /** The key of each row, in the form that state is stored under. */
  readonly keys: readonly InternalKey[] | undefined
  /** The key group of each row. */
  readonly groups: readonly number[] | undefined
  /** Where the rows were read, for errors; undefined where they were made (a window's results). */
  readonly origin: Origin | undefined

  constructor(
    values: readonly T[],
    timestamps: readonly number[],
    keys?: readonly InternalKey[],
    groups?: readonly number[],
    origin?: Origin,
  ) {
    this.values = values
    this.timestamps = timestamps
    this.keys = keys
    this.groups = groups
    this.origin = origin
  }

  get length(): number {
    return this.values.length
  }
}

/** Stands between the records before and after it in every channel (Chandy and Lamport; Carbone et al. 2015). */
export interface Barrier {
  readonly checkpointId: number
  /** Wall-clock time of the trigger, epoch milliseconds. */
  readonly triggeredAt: number
  /** The state is written whole, and no later checkpoint builds upon it. */
  readonly isSavepoint?: boolean
}

/** What flows in a channel, in order. */
export type Element<T = unknown> =
  | { readonly kind: 'batch'; readonly batch: Batch<T> }
  | { readonly kind: 'watermark'; readonly timestamp: number }
  /** Whether the watermark may ignore this input from here on. */
  | { readonly kind: 'idleness'; readonly idle: boolean }
  | { readonly kind: 'barrier'; readonly barrier: Barrier }
  /** No record follows. Barriers still may: a finished subtask takes part in checkpoints. */
  | { readonly kind: 'end' }
