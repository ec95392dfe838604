import { PREFLIGHT_PREFIX } from '../../core/checkpoint/paths.js'
import type { Environment } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { ObjectStore, StoredObject } from './object-store.js'

/** A check takes seconds; what is older than this was left by a process that died in it. */
const LEFT_OVER_AFTER_MS = 3_600_000

/**
 * Does once what a job will do, before it starts: whatever is missing (a permission, a bucket, a server's support of
 * conditions) is said now, and not at the first checkpoint.
 * @throws TidemarkError with the code of what went wrong; STORAGE_CONDITIONS_IGNORED, STORAGE_INCONSISTENT
 */
export async function checkStorage(store: ObjectStore, environment: Environment): Promise<void> {
  const nonce = environment.nonce()
  const name = `${PREFLIGHT_PREFIX}${nonce}`
  const data = new TextEncoder().encode(`tidemark checks this storage: ${nonce}`)
  const other = new TextEncoder().encode(`tidemark never writes this: ${nonce}`)
  const { location } = store
  const step = async <R>(what: string, action: () => Promise<R>): Promise<R> => {
    try {
      return await action()
    } catch (error) {
      throw failed(location, what, error)
    }
  }
  const isSame = (found: Uint8Array | undefined, expected: Uint8Array): boolean =>
    found !== undefined && Buffer.from(found).equals(expected)

  let isLeft = true
  try {
    const first = await step('creating an object where there is none', () => store.create(name, data))
    if (first !== 'created') throw inconsistent(location, `a name never used before, ${name}, is taken`)
    // Before the replacement: that one needs the right to read, too, and its refusal would not say so.
    if (!isSame(await step('reading it', () => store.read(name)), data)) {
      throw inconsistent(location, `${name} does not read back as it was written`)
    }
    const second = await step('creating it a second time', () => store.create(name, other))
    if (second !== 'exists') throw conditionsIgnored(location, 'If-None-Match: * (an object was created twice)')
    if (store.replace) {
      const { replace } = store
      const third = await step('replacing it under a wrong ETag', () => replace(name, other, WRONG_ETAG))
      if (third !== 'refused') throw conditionsIgnored(location, 'If-Match (a wrong ETag was let through)')
    }
    const isPartRead = async (): Promise<boolean> =>
      isSame(await step('reading a part of it', () => store.readRange(name, 9, 15)), data.subarray(9, 15))
    if (!(await isSoWithinThree(isPartRead))) {
      throw inconsistent(location, `a part of ${name} does not read back as it was written (the Range header)`)
    }
    let listed: readonly StoredObject[] = []
    const isListed = async (): Promise<boolean> => {
      listed = await step('listing objects', () => store.listObjects(PREFLIGHT_PREFIX))
      return listed.some((object) => object.name === name)
    }
    if (!(await isSoWithinThree(isListed))) throw inconsistent(location, `${name} exists, but is not listed`)
    const before = environment.clock.now() - LEFT_OVER_AFTER_MS
    const leftOver = listed.filter((object) => object.modifiedAt < before).map((object) => object.name)
    await step('deleting objects', () => store.deleteMany([...new Set([name, ...leftOver])]))
    const gone = await step('reading what is deleted', () => store.read(name))
    if (gone !== undefined) throw inconsistent(location, `${name} can still be read after it was deleted`)
    isLeft = false
  } finally {
    // What went wrong is told; a probe that cannot be deleted either is left to the next check.
    if (isLeft) await store.delete(name).catch(() => undefined)
  }
}

/** No store has a checksum of a part or of a list: one wrong answer may be the network's. */
async function isSoWithinThree(look: () => Promise<boolean>): Promise<boolean> {
  return (await look()) || (await look()) || (await look())
}

/** Of the form that S3 gives to them, and of no bytes that anybody would write. */
const WRONG_ETAG = '"00000000000000000000000000000000"'

function failed(location: string, what: string, error: unknown): TidemarkError {
  const known = error instanceof TidemarkError ? error : undefined
  return new TidemarkError({
    code: known?.code ?? 'STORAGE_FAILED',
    domain: known?.domain ?? 'storage',
    retryable: known?.retryable ?? false,
    message: `checkpoints cannot be kept in ${location}: ${what} failed: ${messageOf(error)}`,
    cause: error,
  })
}

function conditionsIgnored(location: string, what: string): TidemarkError {
  return new TidemarkError({
    code: 'STORAGE_CONDITIONS_IGNORED',
    domain: 'storage',
    message:
      `checkpoints cannot be kept in ${location}: its server ignores ${what}. Without conditional writes two processes ` +
      'could run one job and each undo what the other did: choose a server that keeps them, as AWS does',
  })
}

function inconsistent(location: string, what: string): TidemarkError {
  return new TidemarkError({
    code: 'STORAGE_INCONSISTENT',
    domain: 'storage',
    message: `checkpoints cannot be kept in ${location}: ${what}. A cache or gateway in front of it may be the cause`,
  })
}
