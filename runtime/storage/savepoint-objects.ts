import type { CheckpointManifest, KeyedObjectRef, ObjectRef } from '../../core/checkpoint/manifest.js'
import {
  SAVEPOINT_MANIFEST,
  savepointEnumeratorPath,
  savepointKeyedPath,
  savepointStatePath,
} from '../../core/checkpoint/paths.js'
import { TidemarkError } from '../../core/errors.js'
import { corrupt, createOwn, type ObjectNames, objectsOf, parseManifest, readObject } from './checkpoint-objects.js'
import { checksum } from './checksum.js'
import type { ObjectStore } from './object-store.js'
import { sealedSchema } from './schemas.js'

/** The names in a savepoint. */
export const SAVEPOINT_NAMES: ObjectNames = Object.freeze({
  state: savepointStatePath,
  enumerator: savepointEnumeratorPath,
})

/** Objects copied at once. */
const PARALLEL_COPIES = 8

/**
 * Makes a savepoint exist: its manifest is written after all that it names, sealed with its own checksum.
 * @returns its length in bytes
 */
export async function writeSavepointManifest(store: ObjectStore, manifest: CheckpointManifest): Promise<number> {
  const body = JSON.stringify(manifest, undefined, 1)
  const data = new TextEncoder().encode(JSON.stringify({ body, crc32: checksum(new TextEncoder().encode(body)) }))
  await createOwn(store, SAVEPOINT_MANIFEST, data)
  return data.length
}

/** @throws TidemarkError SAVEPOINT_MISSING, CHECKPOINT_CORRUPT, CHECKPOINT_NEWER */
export async function readSavepointManifest(store: ObjectStore): Promise<CheckpointManifest> {
  const data = await store.read(SAVEPOINT_MANIFEST)
  if (!data) {
    throw new TidemarkError({
      code: 'SAVEPOINT_MISSING',
      domain: 'user',
      message: `${store.location} is no savepoint: there is no ${SAVEPOINT_MANIFEST} in it; look at the path`,
    })
  }
  const sealed = sealedSchema.safeParse(new TextDecoder().decode(data))
  if (!sealed.success) throw corrupt(store, SAVEPOINT_MANIFEST, sealed.error.issues[0]?.message ?? 'its form is wrong')
  return parseManifest(store, SAVEPOINT_MANIFEST, sealed.data)
}

/** @throws TidemarkError SAVEPOINT_EXISTS: nothing is ever written over one. */
export async function requireEmpty(store: ObjectStore): Promise<void> {
  const [name] = await store.list('')
  if (name === undefined) return
  throw new TidemarkError({
    code: 'SAVEPOINT_EXISTS',
    domain: 'user',
    message: `${store.location} is not empty (${name}): give the savepoint a place of its own`,
  })
}

/**
 * Copies a checkpoint or savepoint, object by object, each verified, into a place where it stands by itself.
 * @returns the bytes that were written
 */
export async function copyAsSavepoint(
  from: ObjectStore,
  manifest: CheckpointManifest,
  to: ObjectStore,
): Promise<number> {
  const copied = relocated(manifest)
  const sources = objectsOf(manifest)
  const targets = objectsOf(copied)
  let bytes = 0
  for (let start = 0; start < sources.length; start += PARALLEL_COPIES) {
    const copies = sources.slice(start, start + PARALLEL_COPIES).map(async (source, index) => {
      const data = await readObject(from, source)
      bytes += data.length
      await createOwn(to, (targets[start + index] as ObjectRef).name, data)
    })
    // Whoever cleans up after a failure must not be overtaken by a copy that was still on its way.
    const failed = (await Promise.allSettled(copies)).find((copy) => copy.status === 'rejected')
    if (failed) throw failed.reason
  }
  return bytes + (await writeSavepointManifest(to, copied))
}

/** Deletes a savepoint, its manifest first, so that a reader finds it whole or not at all. */
export async function deleteSavepoint(store: ObjectStore): Promise<void> {
  const objects = objectsOf(await readSavepointManifest(store))
  await store.delete(SAVEPOINT_MANIFEST)
  if (objects.length > 0) await store.deleteMany(objects.map(({ name }) => name))
}

/** The same state under the names of a savepoint. */
function relocated(manifest: CheckpointManifest): CheckpointManifest {
  const operators = manifest.operators.map((operator) => ({
    ...operator,
    subtasks: operator.subtasks.map((subtask, index) => ({
      ...subtask,
      keyed: subtask.keyed.map(
        (ref, part): KeyedObjectRef => ({ ...ref, name: savepointKeyedPath(operator.id, { subtask: index, part }) }),
      ),
      state: subtask.state && { ...subtask.state, name: savepointStatePath(operator.id, index) },
    })),
    ...(operator.enumerator
      ? { enumerator: { ...operator.enumerator, name: savepointEnumeratorPath(operator.id) } }
      : {}),
  }))
  return { ...manifest, format: 'tidemark-savepoint', operators }
}
