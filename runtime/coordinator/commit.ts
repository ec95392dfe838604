import type { CheckpointManifest } from '../../core/checkpoint/manifest.js'
import type { Committer } from '../../core/connector.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { ObjectStore } from '../storage/object-store.js'
import { readCommittables } from './restore-point.js'

export interface CommitOptions {
  readonly store: ObjectStore
  readonly manifest: CheckpointManifest
  /** By sink id. */
  readonly committers: ReadonlyMap<string, Committer>
}

/** From the durable manifest, never from what is in memory. The log is the caller's to write. */
export async function commitCheckpoint(options: CommitOptions): Promise<void> {
  const { store, manifest, committers } = options
  const { id } = manifest
  for (const [sink, committables] of await readCommittables(store, manifest)) {
    if (committables.length === 0) continue
    const committer = committers.get(sink)
    if (!committer) {
      throw new TidemarkError({
        code: 'COMMITTABLES_WITHOUT_SINK',
        domain: 'user',
        message: `checkpoint ${id} has output of sink '${sink}' to commit, but the job has no such sink: give it back its id`,
      })
    }
    try {
      await committer.commit(committables)
    } catch (error) {
      throw commitFailed(error, sink, id)
    }
  }
}

function commitFailed(thrown: unknown, sink: string, checkpoint: number): TidemarkError {
  const known = thrown instanceof TidemarkError ? thrown : undefined
  return new TidemarkError({
    code: known?.code ?? 'COMMIT_FAILED',
    domain: known?.domain ?? 'connector',
    message: `operator '${sink}' could not commit the output of checkpoint ${checkpoint}: ${messageOf(thrown)}`,
    operatorId: sink,
    retryable: known?.retryable ?? true,
    cause: thrown,
  })
}
