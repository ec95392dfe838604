import type { ObjectRef } from '../../../core/checkpoint/manifest.js'
import { SAVEPOINT_MANIFEST } from '../../../core/checkpoint/paths.js'
import { messageOf } from '../../../core/errors.js'
import { readSavepoint, type SavepointReader } from '../../savepoint/read-savepoint.js'
import type { SavepointOperator } from '../../savepoint/savepoint-info.js'
import { objectsOf, readObject } from '../../storage/checkpoint-objects.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { readSavepointManifest } from '../../storage/savepoint-objects.js'
import type { CliIo } from '../program.js'
import { bytesText } from '../table.js'
import { counting, type PlaceFlags, withPlace } from './place.js'
import { byteProgress } from './progress.js'

export interface VerifyOptions extends PlaceFlags {
  readonly json: boolean
}

export interface Verified {
  readonly location: string
  readonly objects: number
  readonly bytes: number
  /** Entries of keyed state that were decoded. */
  readonly entries: number
  readonly problems: readonly string[]
  /** What lies in the place and does not belong to the savepoint. */
  readonly strangers: readonly string[]
}

export async function verifySavepoint(store: ObjectStore, io: CliIo): Promise<Verified> {
  const manifest = await readSavepointManifest(store)
  const objects = objectsOf(manifest)
  const bytes = objects.reduce((sum, { length }) => sum + length, 0)
  const progress = byteProgress(io, 'verifying', bytes)
  const counted = counting(store, progress.add)
  const reader = await readSavepoint(counted)
  const problems: string[] = []
  let entries = 0
  for (const operator of reader.operators()) {
    try {
      entries += await decodeAll(reader, operator)
    } catch (error) {
      const { subtasks = [], enumerator } = manifest.operators.find(({ id }) => id === operator.id) ?? {}
      const refs = subtasks.flatMap(({ keyed, state }): ObjectRef[] => (state ? [...keyed, state] : [...keyed]))
      problems.push(...(await damagedOf(counted, enumerator ? [...refs, enumerator] : refs, messageOf(error))))
    }
  }
  progress.end()
  const own = new Set([SAVEPOINT_MANIFEST, ...objects.map(({ name }) => name)])
  const strangers = (await store.list('')).filter((name) => !own.has(name))
  return { location: store.location, objects: objects.length, bytes, entries, problems, strangers }
}

/** Prints what `tidemark savepoint verify` found; resolves to the exit code. */
export async function savepointVerify(location: string, options: VerifyOptions, io: CliIo): Promise<number> {
  return withPlace(location, options, async (store) => {
    const verified = await verifySavepoint(store, io)
    io.out(`${options.json ? JSON.stringify(verified, undefined, 2) : describe(verified)}\n`)
    return verified.problems.length === 0 ? 0 : 1
  })
}

async function decodeAll(reader: SavepointReader, { id, kind }: SavepointOperator): Promise<number> {
  let entries = 0
  for await (const _ of reader.keyedState(id)) entries++
  for await (const _ of reader.contents(id));
  if (kind === 'source') await reader.enumerator(id)
  return entries
}

/** One error for each object that is damaged; what only decoding finds stands for itself. */
async function damagedOf(store: ObjectStore, refs: readonly ObjectRef[], found: string): Promise<readonly string[]> {
  const problems: string[] = []
  for (const ref of refs) {
    await readObject(store, ref).catch((error: unknown) => {
      problems.push(messageOf(error))
    })
  }
  return problems.length === 0 ? [found] : problems
}

function describe({ location, objects, bytes, entries, problems, strangers }: Verified): string {
  const what = `${objects} objects, ${bytesText(bytes)}, ${entries.toLocaleString('en-US')} entries of keyed state`
  return [
    problems.length === 0 ? `${location} is whole: ${what}` : `${location} is damaged: ${problems.length} of ${what}`,
    ...problems.map((problem) => `  ${problem}`),
    ...strangers.map((name) => `  not of the savepoint: ${name}`),
  ].join('\n')
}
