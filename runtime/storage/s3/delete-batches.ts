import { TidemarkError } from '../../../core/errors.js'
import { DeleteFailures, deleteEach } from '../delete-each.js'
import type { S3Connection } from './client.js'
import { type FailureContext, requestFailed, type S3Operation } from './failure.js'
import type { S3Limits } from './options.js'
import { badReply, type Requests } from './requests.js'

/** What one DeleteObjects takes. */
const BATCH = 1000

export interface DeleteBatchesOptions {
  readonly bucket: string
  readonly location: string
  readonly connection: Pick<S3Connection, 'sdk' | 'client'>
  readonly requests: Requests
  readonly keyOf: (name: string) => string
  readonly context: (operation: S3Operation, name: string) => FailureContext
  readonly remove: (name: string) => Promise<void>
  readonly limits: S3Limits
}

/**
 * Deletes in batches. Each name of a batch has an outcome of its own: those that may pass are tried again, the others are
 * collected. A server that has no batches (some want an MD5 that the SDK no longer sends) gets single requests.
 */
export function deleteBatches(options: DeleteBatchesOptions): (names: readonly string[]) => Promise<void> {
  const { location, limits, remove } = options
  let hasBatches = true
  return async (names) => {
    const failures = new DeleteFailures(location)
    const batches: string[][] = []
    for (let start = 0; start < names.length; start += BATCH) batches.push(names.slice(start, start + BATCH))
    const singly: string[] = []
    await Promise.all(
      batches.map(async (batch) => {
        if (hasBatches && (await deleteBatch(batch, options, failures)) === 'unsupported') hasBatches = false
        if (!hasBatches) singly.push(...batch)
      }),
    )
    if (singly.length > 0) await deleteEach(location, singly, { remove, parallel: limits.parallel })
    failures.throwIfAny(names.length)
  }
}

async function deleteBatch(
  batch: readonly string[],
  options: DeleteBatchesOptions,
  failures: DeleteFailures,
): Promise<'done' | 'unsupported'> {
  const { bucket, connection, requests, keyOf, context } = options
  const { sdk, client } = connection
  const pending = new Map(batch.map((name) => [keyOf(name), name]))
  try {
    await requests.run(context('DeleteObjects', ''), async (attempt) => {
      const command = new sdk.DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: [...pending.keys()].map((Key) => ({ Key })) },
      })
      const reply = await client.send(command, { abortSignal: attempt.signal })
      for (const { Key } of reply.Deleted ?? []) pending.delete(Key ?? '')
      let last = 'the reply does not name it'
      for (const { Key = '', Code = '', Message = '' } of reply.Errors ?? []) {
        const name = pending.get(Key)
        if (name === undefined) continue
        last = `${Code} ${Message}`.trim()
        if (isPassing(Code)) continue
        pending.delete(Key)
        // In the form that the SDK gives to an error of the whole request.
        const thrown = Object.assign(new Error(Message), { name: Code, $metadata: { httpStatusCode: statusOf(Code) } })
        if (Code !== 'NoSuchKey') failures.add(name, requestFailed(thrown, context('DeleteObject', name), 1))
      }
      if (pending.size > 0) throw badReply(`${pending.size} objects are not deleted: ${last}`)
    })
  } catch (thrown) {
    if (thrown instanceof TidemarkError && thrown.code === 'STORAGE_REFUSED') return 'unsupported'
    for (const name of pending.values()) failures.add(name, thrown)
  }
  return 'done'
}

const isPassing = (code: string): boolean =>
  ['InternalError', 'SlowDown', 'ServiceUnavailable', 'RequestTimeout', 'OperationAborted'].includes(code)

/** A name in a batch has a code alone. */
const statusOf = (code: string): number => (code === 'AccessDenied' ? 403 : 400)
