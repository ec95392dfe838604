import type { HoldReport } from '../loop/loop-holds.js'

/** What a process of its own measures. */
export interface DiskCase {
  readonly state: 'heap' | 'disk'
  readonly keys: number
  readonly updates: number
  readonly cacheBytes: number
  readonly seed: number
}

export interface DiskOutcome {
  /** Of the processor, as the next. */
  readonly fillPerSecond: number
  readonly updatesPerSecond: number
  readonly seconds: number
  readonly checkpoints: readonly { readonly bytes: number; readonly durationMs: number }[]
  readonly peakHeap: number
  readonly rss: number
  readonly holds: HoldReport
  /** Keys that were asked for at the end... */
  readonly answers: number
  /** ...and held something else than they must. */
  readonly wrong: number
}
