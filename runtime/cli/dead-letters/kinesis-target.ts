import { createHash } from 'node:crypto'
import type { DeadLetter } from '../../../core/connector.js'
import { defineJob } from '../../../core/job/job.js'
import { run } from '../../run.js'
import type { StoredLetter } from './letter-line.js'

/** What a target can never take. */
export interface Refused {
  readonly id: string
  readonly reason: string
}

/**
 * Puts the raw bytes into a stream, each under the key it came by, and returns when Kinesis has acknowledged all of them,
 * but for those that it can never take. It is a job of its own, so that it paces, retries and gives up as any other; the
 * SDK is loaded here.
 */
export async function putIntoStream(
  letters: readonly StoredLetter[],
  { stream, endpoint }: { readonly stream: string; readonly endpoint: string | undefined },
): Promise<readonly Refused[]> {
  const [{ collectInto, collection }, { kinesisSink }] = await Promise.all([
    import('../../../connectors/collection/index.js'),
    import('../../../connectors/kinesis/index.js'),
  ])
  const refused: DeadLetter[] = []
  const job = defineJob('dead-letters-replay', (builder) => {
    builder.from('letters', collection(letters)).to(
      'stream',
      kinesisSink<StoredLetter>({
        stream,
        ...(endpoint !== undefined && { endpoint }),
        encode: ({ raw }) => raw,
        // Rows without a key spread evenly, and the same ones go to the same shard each time.
        partitionKey: ({ partitionKey, raw }) => partitionKey ?? createHash('sha256').update(raw).digest('hex'),
        explicitHashKey: ({ explicitHashKey }) => explicitHashKey,
        // One that is too large must not hold up the others for ever.
        onRejected: { deadLetters: collectInto(refused) },
      }),
    )
  })
  // Nobody else can end it: it finishes or fails.
  const { result } = await run(job, { parallelism: 1 })
  await result
  // The offset of a row in a collection is its index.
  return refused.map(({ offset, message }) => ({ id: letters[Number(offset)]?.id ?? '', reason: message }))
}
