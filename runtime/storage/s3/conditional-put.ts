import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import { TidemarkError } from '../../../core/errors.js'
import { crc32Header } from './body.js'
import type { S3Connection } from './client.js'
import { attemptsOf, type FailureContext, failureKind, requestFailed } from './failure.js'
import { type Attempt, badReply, type Requests } from './requests.js'

/** How often an object may be there, and then not, until that is no coincidence any more. */
const GONE_AGAIN = 3

export interface ConditionalPutOptions {
  readonly connection: Pick<S3Connection, 'sdk' | 'client'>
  readonly requests: Requests
  readonly context: FailureContext
  readonly read: () => Promise<Uint8Array | undefined>
}

export type ConditionalPutInput = Omit<PutObjectCommandInput, 'Body'> &
  ({ readonly IfNoneMatch: '*' } | { readonly IfMatch: string }) & { readonly Body: Uint8Array }

/**
 * Writes an object under a condition. A write whose reply is lost may have been applied, or be applied later: it is
 * repeated under the same condition, and when that does not hold any more, what is there is read and compared.
 * `refused`: the condition does not hold, and it was not this call that made it so.
 */
export async function conditionalPut(
  input: ConditionalPutInput,
  options: ConditionalPutOptions,
): Promise<'written' | 'refused'> {
  const { connection, requests, context, read } = options
  const { sdk, client } = connection
  const isReplacement = 'IfMatch' in input
  // Only what may have been applied is tried again: from the second attempt on an object may be our own.
  let attempts = 0
  const attemptPut = async (attempt: Attempt): Promise<'written' | 'refused'> => {
    attempts++
    attempt.allow(input.Body.length)
    try {
      const command = new sdk.PutObjectCommand({ ...input, ChecksumCRC32: crc32Header(input.Body) })
      await client.send(command, { abortSignal: attempt.signal })
      return 'written'
    } catch (thrown) {
      // A user's client may have retried on its own.
      if (attemptsOf(thrown) > 1) attempts++
      const kind = failureKind(thrown)
      if (kind === 'precondition' || (kind === 'absent' && isReplacement)) return 'refused'
      throw thrown
    }
  }
  const compare = async (): Promise<'same' | 'other' | 'absent'> => {
    const found = await read()
    if (found === undefined) return 'absent'
    return Buffer.from(found.buffer, found.byteOffset, found.length).equals(input.Body) ? 'same' : 'other'
  }
  for (let rounds = 1; rounds <= GONE_AGAIN; rounds++) {
    try {
      if ((await requests.run(context, attemptPut)) === 'written') return 'written'
    } catch (thrown) {
      // Look before deciding. Where looking fails too, or shows nothing, the write stays unknown.
      const isUnknown = attempts > 1 || (thrown instanceof TidemarkError && thrown.code === 'STORAGE_FAILED')
      const found = isUnknown && !requests.isClosed ? await compare().catch(() => 'absent') : 'absent'
      if (found === 'same') return 'written'
      if (found === 'other' && !isReplacement) return 'refused'
      throw thrown
    }
    if (attempts === 1) return 'refused'
    const found = await compare()
    if (found === 'same') return 'written'
    if (found === 'other' || isReplacement) return 'refused'
    // Gone again: somebody deleted it between the two, so the name is free now.
  }
  throw requestFailed(badReply('the server says that it exists, and that it does not'), context, attempts)
}
