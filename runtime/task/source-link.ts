import type { Split } from '../../core/connector.js'
import type { SourceTime } from './source-time.js'

/** A split as a checkpoint stores it. */
export interface AssignedSplit {
  readonly split: Split
  /** Of the split's generator; MIN_WATERMARK at first. */
  readonly watermark: number
  readonly finished: boolean
  /** Of a finished one: it ended at a stop that was set for it, before its own end. */
  readonly stopped?: boolean
  /** Of a finished one: nothing waited for its watermark when it ended. */
  readonly idle?: boolean
}

/** How a split ended. */
export interface SplitEnd extends Omit<AssignedSplit, 'finished'> {
  /** Ids of splits that follow it, as far as its reader was told. */
  readonly successors?: readonly string[] | undefined
}

/** To the coordinator of the source. */
export interface SourceLink {
  /** Shared by all subtasks. */
  readonly time: SourceTime
  readonly subtask: number
  /** Called before the watermark goes on without the split. Undefined: an end means nothing to anybody. */
  readonly onSplitEnd?: (end: SplitEnd) => void
}
