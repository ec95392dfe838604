import type { CheckpointManifest } from '../../core/checkpoint/manifest.js'
import { SAVEPOINT_MANIFEST } from '../../core/checkpoint/paths.js'
import { optionInvalid } from '../../core/options.js'
import { LARGEST_MAX_PARALLELISM } from '../../core/state/key-groups.js'
import type { ObjectStore } from '../storage/object-store.js'
import { requireEmpty, writeSavepointManifest } from '../storage/savepoint-objects.js'

/**
 * Makes a savepoint of the objects that `write` puts there, in an empty place. What fails leaves the place empty again.
 * @throws TidemarkError SAVEPOINT_EXISTS
 */
export async function makeSavepoint(
  to: ObjectStore,
  write: () => Promise<CheckpointManifest>,
): Promise<CheckpointManifest> {
  await requireEmpty(to)
  try {
    const manifest = await write()
    await writeSavepointManifest(to, manifest)
    return manifest
  } catch (error) {
    const left = await to.list('').catch((): readonly string[] => [])
    if (left.length > 0 && !left.includes(SAVEPOINT_MANIFEST)) await to.deleteMany(left).catch(() => undefined)
    throw error
  }
}

const ID = /^[A-Za-z0-9_-]{1,64}$/

/** @throws TidemarkError OPTION_INVALID */
export function requireOperatorId(where: string, id: unknown): string {
  if (typeof id === 'string' && ID.test(id)) return id
  throw optionInvalid(where, `'${String(id).slice(0, 80)}' is no operator id: 1 to 64 letters, digits, '_' or '-'`)
}

/** @throws TidemarkError OPTION_INVALID */
export function requireMaxParallelism(where: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= LARGEST_MAX_PARALLELISM) {
    return value
  }
  throw optionInvalid(
    where,
    `maxParallelism is a whole number from 1 to ${LARGEST_MAX_PARALLELISM}, found ${String(value)}`,
  )
}
