import type { CommitPoint, Committer } from '../../core/connector.js'
import { messageOf, TidemarkError } from '../../core/errors.js'

export interface RewindPoint {
  readonly location: string
  readonly lineage: string
  /** That took the savepoint. */
  readonly generation: number
  /** Of the savepoint. */
  readonly id: number
}

/**
 * A job that goes on from a savepoint emits again what it emitted after it. Where that is visible already, it would be
 * there twice.
 * @throws TidemarkError SAVEPOINT_BEHIND_OUTPUT, naming what was committed since
 */
export async function refuseRewind(
  committers: ReadonlyMap<string, Committer>,
  { location, lineage, generation, id }: RewindPoint,
): Promise<void> {
  for (const [sink, committer] of committers) {
    const found = await committedAfter(committer, sink, { lineage, generation, checkpointId: id })
    if (found === undefined) continue
    throw new TidemarkError({
      code: 'SAVEPOINT_BEHIND_OUTPUT',
      domain: 'user',
      operatorId: sink,
      message:
        `savepoint ${location} (${id} of lineage ${lineage}) is older than what sink '${sink}' has committed since: ` +
        `${found}. Going on from it writes those rows once more: restore a newer point, or move that output away, or ask ` +
        'for it (allowRewind)',
    })
  }
}

async function committedAfter(committer: Committer, sink: string, point: CommitPoint): Promise<string | undefined> {
  try {
    return await committer.committedAfter?.(point)
  } catch (thrown) {
    if (thrown instanceof TidemarkError) throw thrown
    throw new TidemarkError({
      code: 'COMMIT_FAILED',
      domain: 'connector',
      operatorId: sink,
      retryable: true,
      message: `sink '${sink}' could not look for what it has committed: ${messageOf(thrown)}`,
      cause: thrown,
    })
  }
}
