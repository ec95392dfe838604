import type { InputState, OperatorManifest } from '../../../core/checkpoint/manifest.js'

/**
 * What becomes of something stored, or declared:
 * - `restores`: as it is
 * - `migrates`: by the migrations of its declaration
 * - `new`: the savepoint has nothing of it, it starts empty
 * - `dropped`: the job has no place for it, and was allowed to let it go
 * - `refused`: the job would not start
 */
export type Verdict = 'restores' | 'migrates' | 'new' | 'dropped' | 'refused'

export interface StateDiff {
  /** As the job declares it; `timers` and `windows` are the engine's own. */
  readonly state: string
  readonly verdict: Verdict
  /** As stored: `value-by-key`, or how windows are kept. Undefined: it is new. */
  readonly layout?: string
  /** Of a migration. */
  readonly from?: number
  readonly to?: number
  /** Why it is refused. */
  readonly why?: string
}

export interface OperatorDiff {
  readonly id: string
  readonly kind: OperatorManifest['kind']
  /** Undefined on the side that does not have the operator. */
  readonly parallelism: { readonly savepoint?: number; readonly job?: number }
  readonly verdict: Verdict
  readonly why?: string
  readonly states: readonly StateDiff[]
  /** Of a source: the splits that are read on. */
  readonly splits?: number
  /** Of a sink: what is committed before the job starts. */
  readonly committables?: number
}

export interface SavepointDiff {
  readonly savepoint: string
  /** That of the checkpoint in whose place it stands. */
  readonly id: number
  /** Epoch milliseconds. */
  readonly takenAt: number
  readonly job: { readonly savepoint: string; readonly job: string }
  /** Whether the job would start. */
  readonly restores: boolean
  /** Why the job would not start, beside what is said of its operators. */
  readonly refusals: readonly string[]
  readonly sameGraph: boolean
  readonly tidemark: { readonly savepoint: string; readonly job: string }
  readonly input: InputState
  /** `job`: as it or the start says; undefined: whatever the savepoint has. */
  readonly maxParallelism: { readonly savepoint: number; readonly job?: number }
  readonly operators: readonly OperatorDiff[]
}
