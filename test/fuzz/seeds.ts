import { memoryStore, type ObjectStore, systemEnvironment } from 'tidemark/run'
import type { CheckpointManifest, ObjectRef } from '../../core/checkpoint/manifest.js'
import { objectsOf } from '../../runtime/storage/checkpoint-objects.js'
import { readSavepointManifest } from '../../runtime/storage/savepoint-objects.js'
import { type Objects, objectsIn, putInto, readGolden } from '../golden/savepoints/golden-file.js'
import { runGolden } from '../golden/savepoints/run-golden.js'

/** What is mutated: a golden savepoint. */
export interface SavepointSeed {
  readonly name: string
  readonly objects: Objects
  readonly manifest: CheckpointManifest
  /** All objects that the manifest names. */
  readonly refs: readonly ObjectRef[]
  /** Those without keyed state. */
  readonly otherRefs: readonly ObjectRef[]
}

export interface Seeds {
  readonly savepoints: readonly SavepointSeed[]
  /** Of a job's log, the newest among them. */
  readonly logEntries: readonly Uint8Array[]
}

export async function loadSeeds(): Promise<Seeds> {
  const savepoints: SavepointSeed[] = []
  for (const name of ['taken-while-running', 'stopped', 'copied-increments']) {
    const objects = readGolden(name)
    const manifest = await readSavepointManifest(await putInto(memoryStore(), objects))
    const refs = objectsOf(manifest)
    const otherRefs = refs.filter((ref) => !('checkpoint' in ref))
    savepoints.push({ name, objects, manifest, refs, otherRefs })
  }
  return { savepoints, logEntries: await logEntries() }
}

async function logEntries(): Promise<readonly Uint8Array[]> {
  const store = memoryStore(systemEnvironment())
  const run = await runGolden(2, { store })
  await run.pump(run.handle.checkpoint())
  await run.pump(run.handle.cancel())
  return [...(await objectsIn(store))].filter(([name]) => name.startsWith('log/')).map(([, bytes]) => bytes)
}

/** A savepoint some of whose objects are others. Never asked for what could be elsewhere. */
export function storeOf(objects: Objects, replaced: ReadonlyMap<string, Uint8Array>): ObjectStore {
  const find = (name: string): Uint8Array | undefined => {
    if (name.startsWith('/') || name.split('/').includes('..') || name.includes('\0')) {
      throw new RangeError(`the store was asked for '${name}'`)
    }
    return replaced.get(name) ?? objects.get(name)
  }
  const refused = async (): Promise<never> => {
    throw new RangeError('something was written while a savepoint was read')
  }
  return {
    location: 'fuzz',
    read: async (name) => find(name),
    readRange: async (name, start, end) => find(name)?.slice(start, end),
    list: async (prefix) => [...objects.keys()].filter((name) => name.startsWith(prefix)).sort(),
    listObjects: async () => [],
    create: refused,
    delete: refused,
    deleteMany: refused,
    close: async () => undefined,
  }
}
