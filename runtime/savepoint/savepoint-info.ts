import type { CheckpointManifest, InputState, OperatorManifest } from '../../core/checkpoint/manifest.js'

/** What a savepoint says of itself. */
export interface SavepointInfo {
  readonly location: string
  /** Of the format. */
  readonly version: number
  /** The release of Tidemark that wrote it. */
  readonly tidemark: string
  readonly job: string
  /** That of the checkpoint in whose place it stands. */
  readonly id: number
  readonly lineage: string
  readonly generation: number
  /** Of the job's graph. */
  readonly fingerprint: string
  readonly maxParallelism: number
  /** `finished`: every source had ended. `drained`: the end of input was asked for. */
  readonly input: InputState
  /** Of the barrier, epoch milliseconds. */
  readonly takenAt: number
  /** Of all its objects. */
  readonly bytes: number
}

export interface SavepointOperator {
  readonly id: string
  readonly kind: OperatorManifest['kind']
  /** Of what a source keeps of its splits, and a sink of its committables. */
  readonly version: number
  /** At which it was written. */
  readonly parallelism: number
  /** The lowest of its subtasks, epoch milliseconds. Undefined: there was none yet. */
  readonly watermark: number | undefined
  readonly objects: number
  readonly bytes: number
}

export function infoOf(manifest: CheckpointManifest, location: string): SavepointInfo {
  const { version, tidemark, job, id, lineage, generation, fingerprint, maxParallelism, input, triggeredAt } = manifest
  const bytes = manifest.operators.reduce((sum, operator) => sum + sizeOf(operator).bytes, 0)
  const takenAt = triggeredAt
  return {
    location,
    version,
    tidemark,
    job,
    id,
    lineage,
    generation,
    fingerprint,
    maxParallelism,
    input,
    takenAt,
    bytes,
  }
}

export function operatorInfoOf(operator: OperatorManifest): SavepointOperator {
  const { id, kind, version, subtasks } = operator
  const watermarks = subtasks.map(({ watermark }) => watermark)
  const lowest = watermarks.reduce(
    (low: number | null, one) => (low === null || one === null ? null : Math.min(low, one)),
    Number.POSITIVE_INFINITY,
  )
  const watermark = lowest === null || lowest === Number.POSITIVE_INFINITY ? undefined : lowest
  return { id, kind, version, parallelism: subtasks.length, watermark, ...sizeOf(operator) }
}

function sizeOf({ subtasks, enumerator }: OperatorManifest): { readonly objects: number; readonly bytes: number } {
  let objects = enumerator ? 1 : 0
  let bytes = enumerator?.length ?? 0
  for (const { keyed, state } of subtasks) {
    objects += keyed.length + (state ? 1 : 0)
    for (const { length } of keyed) bytes += length
    bytes += state?.length ?? 0
  }
  return { objects, bytes }
}
