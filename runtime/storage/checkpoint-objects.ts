import type { CheckpointRef, JobState } from '../../core/checkpoint/job-state.js'
import type {
  CheckpointManifest,
  EnumeratorState,
  KeyedObjectRef,
  ObjectRef,
  OperatorManifest,
  SubtaskState,
} from '../../core/checkpoint/manifest.js'
import {
  CHECKPOINTS_PREFIX,
  checkpointOf,
  checkpointPrefix,
  enumeratorStatePath,
  manifestPath,
  subtaskStatePath,
} from '../../core/checkpoint/paths.js'
import { decode, encode } from '../../core/codec/index.js'
import { MIN_WATERMARK } from '../../core/element.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { userError } from '../../core/operators/user-error.js'
import type { OperatorStateSnapshot } from '../../core/state/operator-state.js'
import type { EncodedOperatorState, StageSnapshot } from '../task/stage-snapshot.js'
import { checksum } from './checksum.js'
import type { ObjectStore } from './object-store.js'
import { manifestSchema } from './schemas.js'

/** One operator's part of a checkpoint, complete. */
export interface OperatorCheckpoint {
  readonly id: string
  readonly kind: OperatorManifest['kind']
  readonly version: number
  /** By subtask. */
  readonly subtasks: readonly StageSnapshot[]
  readonly enumerator?: EnumeratorState
}

export type ManifestHeader = Omit<CheckpointManifest, 'operators' | 'version'>

export interface WriteOptions {
  readonly store: ObjectStore
  readonly header: ManifestHeader
  /** The newest completed checkpoint of the generation: what increments build upon. */
  readonly base: CheckpointManifest | undefined
  /** Where things are: names in the job's storage, or in a savepoint. */
  readonly names: ObjectNames
}

/** What the objects beside keyed state are called. */
export interface ObjectNames {
  readonly state: (operatorId: string, subtask: number) => string
  readonly enumerator: (operatorId: string) => string
}

export function checkpointNames(checkpoint: { readonly id: number; readonly generation: number }): ObjectNames {
  return {
    state: (operatorId, subtask) => subtaskStatePath(checkpoint, operatorId, subtask),
    enumerator: (operatorId) => enumeratorStatePath(checkpoint, operatorId),
  }
}

export interface WrittenObjects {
  readonly manifest: CheckpointManifest
  /** Of what was written for it: objects that it shares with others are not counted. */
  readonly bytes: number
}

/** Objects written at once. */
const PARALLEL_WRITES = 8

/** Writes what operators keep beside their keyed state, which is there already; the manifest is the caller's to write. */
export async function writeObjects(
  options: WriteOptions,
  operators: readonly OperatorCheckpoint[],
): Promise<WrittenObjects> {
  const { store, header, names } = options
  let bytes = 0
  const writes: (() => Promise<void>)[] = []
  const put = (name: string, data: Uint8Array): ObjectRef => {
    bytes += data.length
    writes.push(() => createOwn(store, name, data))
    return { name, length: data.length, crc32: checksum(data) }
  }
  const manifestOf = (operator: OperatorCheckpoint): OperatorManifest => ({
    id: operator.id,
    kind: operator.kind,
    version: operator.version,
    subtasks: operator.subtasks.map((snapshot, index) => {
      for (const { length } of snapshot.objects) bytes += length
      return {
        range: snapshot.range,
        watermark: snapshot.watermark === MIN_WATERMARK ? null : snapshot.watermark,
        floors: snapshot.floors,
        keyed: keyedObjects(options, { operatorId: operator.id, subtask: index }, snapshot),
        state: isEmpty(snapshot) ? null : put(names.state(operator.id, index), encode(stateOf(snapshot))),
      }
    }),
    ...(operator.enumerator ? { enumerator: put(names.enumerator(operator.id), encode(operator.enumerator)) } : {}),
  })
  const manifests = operators.map((operator) => {
    try {
      return manifestOf(operator)
    } catch (error) {
      // What cannot be encoded is known by its path in the state; whose state it is, only here.
      throw userError(error, { operatorId: operator.id, call: 'its checkpoint' })
    }
  })
  for (let start = 0; start < writes.length; start += PARALLEL_WRITES) {
    await Promise.all(writes.slice(start, start + PARALLEL_WRITES).map((write) => write()))
  }
  return { manifest: { ...header, version: 0, operators: manifests }, bytes }
}

interface StoredSubtaskState {
  readonly operatorState: readonly EncodedOperatorState[]
  readonly committables: readonly unknown[]
}

function stateOf({ operatorState, committables }: StageSnapshot): StoredSubtaskState {
  return { operatorState, committables }
}

/** Those of the checkpoint itself, and those of earlier ones that it needs. */
function keyedObjects(
  { header, base }: WriteOptions,
  of: { readonly operatorId: string; readonly subtask: number },
  { objects, needed }: StageSnapshot,
): KeyedObjectRef[] {
  const earlier = base?.operators.find(({ id }) => id === of.operatorId)?.subtasks[of.subtask]?.keyed ?? []
  const wanted = new Set(needed)
  return [
    ...earlier.filter(({ checkpoint }) => wanted.has(checkpoint)),
    ...objects.map((object) => ({ ...object, checkpoint: header.id })),
  ]
}

/** The checkpoint does not count until the job's log names its manifest. */
export async function writeManifest(store: ObjectStore, manifest: CheckpointManifest): Promise<CheckpointRef> {
  const { id, generation, input } = manifest
  const data = new TextEncoder().encode(JSON.stringify(manifest, undefined, 1))
  await createOwn(store, manifestPath(id, generation), data)
  return { id, generation, input, length: data.length, crc32: checksum(data) }
}

export async function readManifest(store: ObjectStore, ref: CheckpointRef): Promise<CheckpointManifest> {
  const name = manifestPath(ref.id, ref.generation)
  const data = await readObject(store, { name, length: ref.length, crc32: ref.crc32 })
  return parseManifest(store, name, new TextDecoder().decode(data))
}

/** @throws TidemarkError CHECKPOINT_CORRUPT, CHECKPOINT_NEWER */
export function parseManifest(store: ObjectStore, name: string, text: string): CheckpointManifest {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw corrupt(store, name, 'it is not JSON', cause)
  }
  if (isRecord(json) && typeof json['version'] === 'number' && json['version'] > 0) {
    throw new TidemarkError({
      code: 'CHECKPOINT_NEWER',
      domain: 'user',
      message:
        `${name} in ${store.location} has version ${json['version']} of the format, this release reads version 0: ` +
        `use Tidemark ${typeof json['tidemark'] === 'string' ? json['tidemark'] : 'that wrote it'} or a later one`,
    })
  }
  const parsed = manifestSchema.safeParse(json)
  if (!parsed.success) {
    const [{ path, message } = { path: [], message: 'its form is wrong' }] = parsed.error.issues
    throw corrupt(store, name, `it is not a manifest of version 0: ${path.map(String).join('.')}: ${message}`)
  }
  const operators = parsed.data.operators.map(({ enumerator, ...operator }) =>
    enumerator ? { ...operator, enumerator } : operator,
  )
  return { ...parsed.data, operators }
}

/** The contents of a subtask's state object, verified. */
export async function readSubtaskState(store: ObjectStore, ref: ObjectRef): Promise<SubtaskState> {
  const value = await decodeObject(store, ref)
  if (!isRecord(value) || !Array.isArray(value['operatorState'])) {
    throw corrupt(store, ref.name, 'it has no operator state')
  }
  if (!Array.isArray(value['committables'])) throw corrupt(store, ref.name, 'it has no committables')
  const operatorState = value['operatorState'].map((state) => readOperatorState(store, ref, state))
  return { operatorState, committables: value['committables'] }
}

function readOperatorState(store: ObjectStore, ref: ObjectRef, state: unknown): OperatorStateSnapshot {
  if (isRecord(state) && typeof state['name'] === 'string' && state['entries'] instanceof Uint8Array) {
    const { name, mode } = state
    const entries = decoded(store, ref, state['entries'])
    if ((mode === 'list' || mode === 'union' || mode === 'broadcast') && Array.isArray(entries)) {
      return { name, mode, entries }
    }
  }
  throw corrupt(store, ref.name, 'its operator state has no name, mode and entries')
}

export async function readEnumeratorState(store: ObjectStore, ref: ObjectRef): Promise<EnumeratorState> {
  const value = await decodeObject(store, ref)
  if (!isRecord(value) || !Array.isArray(value['known'])) throw corrupt(store, ref.name, 'it has no list of splits')
  const known: readonly unknown[] = value['known']
  if (!known.every((id) => typeof id === 'string')) throw corrupt(store, ref.name, 'a split has an id that is no text')
  const waiting: unknown = value['waiting'] ?? []
  if (!Array.isArray(waiting) || !waiting.every(isSplit)) throw corrupt(store, ref.name, 'a waiting split has no id')
  return { known, custom: value['custom'], ...(waiting.length > 0 && { waiting }) }
}

function isSplit(value: unknown): value is { readonly id: string } {
  return isRecord(value) && typeof value['id'] === 'string'
}

/** Every object that a checkpoint consists of, its manifest aside. */
export function objectsOf(manifest: CheckpointManifest): readonly ObjectRef[] {
  return manifest.operators.flatMap(({ subtasks, enumerator }): ObjectRef[] => [
    ...subtasks.flatMap(({ keyed, state }): ObjectRef[] => (state ? [...keyed, state] : [...keyed])),
    ...(enumerator ? [enumerator] : []),
  ])
}

/**
 * Deletes a checkpoint, its manifest first, so that a reader finds it whole or not at all; what others that are kept need
 * of it stays.
 */
export async function deleteCheckpoint(
  store: ObjectStore,
  ref: { readonly id: number; readonly generation: number },
  sharing: { readonly manifest?: CheckpointManifest | undefined; readonly kept: readonly CheckpointManifest[] },
): Promise<void> {
  await store.delete(manifestPath(ref.id, ref.generation))
  const needed = new Set(sharing.kept.flatMap((manifest) => objectsOf(manifest).map(({ name }) => name)))
  const own = await store.list(checkpointPrefix(ref.id, ref.generation))
  const named = sharing.manifest ? objectsOf(sharing.manifest).map(({ name }) => name) : []
  const garbage = [...new Set([...own, ...named])].filter((name) => !needed.has(name))
  if (garbage.length > 0) await store.deleteMany(garbage)
}

/**
 * Mark and sweep: deletes what earlier generations wrote and no checkpoint of the log needs, aborted checkpoints and what
 * could not be deleted before. Only after one's own claim is in the log: then no older generation can complete a
 * checkpoint. What is younger than `before` stays for another time: somebody may be reading it.
 */
export async function sweepCheckpoints(store: ObjectStore, state: JobState, before: number): Promise<number> {
  const manifests = await Promise.all(state.checkpoints.map((ref) => readManifest(store, ref)))
  const needed = new Set(manifests.flatMap((manifest) => objectsOf(manifest).map(({ name }) => name)))
  for (const { id, generation } of state.checkpoints) needed.add(manifestPath(id, generation))
  const garbage: string[] = []
  for (const { name, modifiedAt } of await store.listObjects(CHECKPOINTS_PREFIX)) {
    const of = checkpointOf(name)
    if (!of || of.generation >= state.generation || needed.has(name) || modifiedAt > before) continue
    garbage.push(name)
  }
  if (garbage.length > 0) await store.deleteMany(garbage)
  return garbage.length
}

/** Creates an object that nobody else may have written. */
export async function createOwn(store: ObjectStore, name: string, data: Uint8Array): Promise<void> {
  if ((await store.create(name, data)) === 'created') return
  const existing = await store.read(name)
  if (existing && existing.length === data.length && checksum(existing) === checksum(data)) return
  throw new TidemarkError({
    code: 'CHECKPOINT_OBJECT_EXISTS',
    domain: 'coordination',
    message: `${name} in ${store.location} exists with other contents: another process writes the same checkpoint`,
  })
}

/** An object, verified by length and checksum. */
export async function readObject(store: ObjectStore, ref: ObjectRef): Promise<Uint8Array> {
  const data = await store.read(ref.name)
  if (!data) {
    throw new TidemarkError({
      code: 'CHECKPOINT_OBJECT_MISSING',
      domain: 'storage',
      message: `${ref.name} is missing in ${store.location}, though the job's log or a manifest names it`,
    })
  }
  if (data.length !== ref.length) throw corrupt(store, ref.name, `it has ${data.length} bytes, not ${ref.length}`)
  const found = checksum(data)
  if (found !== ref.crc32) throw corrupt(store, ref.name, `its CRC-32 is ${found}, not ${ref.crc32}`)
  return data
}

async function decodeObject(store: ObjectStore, ref: ObjectRef): Promise<unknown> {
  return decoded(store, ref, await readObject(store, ref))
}

function decoded(store: ObjectStore, ref: ObjectRef, data: Uint8Array): unknown {
  try {
    return decode(data)
  } catch (error) {
    throw corrupt(store, ref.name, messageOf(error), error)
  }
}

/** An empty array takes one byte. */
function isEmpty(snapshot: StageSnapshot): boolean {
  return snapshot.operatorState.every(({ entries }) => entries.length <= 1) && snapshot.committables.length === 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

export function corrupt(store: ObjectStore, name: string, why: string, cause?: unknown): TidemarkError {
  return new TidemarkError({
    code: 'CHECKPOINT_CORRUPT',
    domain: 'storage',
    message: `${name} in ${store.location} cannot be trusted: ${why}`,
    cause,
  })
}
