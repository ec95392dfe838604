import type { CheckpointRef, JobState } from '../../core/checkpoint/job-state.js'
import type {
  CheckpointManifest,
  EnumeratorState,
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
import type { StageSnapshot } from '../task/stage-snapshot.js'
import { checksum } from './checksum.js'
import type { ObjectStore } from './object-store.js'
import { manifestSchema } from './schemas.js'

/** One operator's part of a checkpoint, complete. */
export interface OperatorCheckpoint {
  readonly id: string
  readonly kind: OperatorManifest['kind']
  /** By subtask. */
  readonly subtasks: readonly StageSnapshot[]
  readonly enumerator?: EnumeratorState
}

export type ManifestHeader = Omit<CheckpointManifest, 'format' | 'version' | 'operators'>

/** Objects written at once. */
const PARALLEL_WRITES = 8

/** Writes all objects, then the manifest that names them. The checkpoint does not count until the job's log has it. */
export async function writeCheckpoint(
  store: ObjectStore,
  header: ManifestHeader,
  operators: readonly OperatorCheckpoint[],
): Promise<{ readonly ref: CheckpointRef; readonly bytes: number }> {
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
    subtasks: operator.subtasks.map((snapshot, index) => ({
      range: snapshot.range,
      watermark: snapshot.watermark === MIN_WATERMARK ? null : snapshot.watermark,
      floors: snapshot.floors,
      state: isEmpty(snapshot)
        ? null
        : put(
            subtaskStatePath(header, operator.id, index),
            encode({
              groups: snapshot.groups,
              list: snapshot.list,
              committables: snapshot.committables,
            } satisfies SubtaskState),
          ),
    })),
    ...(operator.enumerator
      ? { enumerator: put(enumeratorStatePath(header, operator.id), encode(operator.enumerator)) }
      : {}),
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
  const manifest: CheckpointManifest = { format: 'tidemark-checkpoint', version: 0, ...header, operators: manifests }
  const data = new TextEncoder().encode(JSON.stringify(manifest, undefined, 1))
  await createOwn(store, manifestPath(header.id, header.generation), data)
  const { id, generation, input } = header
  return { ref: { id, generation, input, length: data.length, crc32: checksum(data) }, bytes: bytes + data.length }
}

export async function readManifest(store: ObjectStore, ref: CheckpointRef): Promise<CheckpointManifest> {
  const name = manifestPath(ref.id, ref.generation)
  const data = await readObject(store, { name, length: ref.length, crc32: ref.crc32 })
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(data))
  } catch (cause) {
    throw corrupt(store, name, 'it is not JSON', cause)
  }
  const parsed = manifestSchema.safeParse(json)
  if (!parsed.success) throw corrupt(store, name, `it is not a manifest of version 0: ${parsed.error.message}`)
  const operators = parsed.data.operators.map(({ enumerator, ...operator }) =>
    enumerator ? { ...operator, enumerator } : operator,
  )
  return { ...parsed.data, operators }
}

/** The contents of a subtask's state object, verified. */
export async function readSubtaskState(store: ObjectStore, ref: ObjectRef): Promise<SubtaskState> {
  const value = await decodeObject(store, ref)
  if (!isRecord(value) || !isGroups(value['groups']) || !Array.isArray(value['list'])) {
    throw corrupt(store, ref.name, 'it has no groups and list')
  }
  if (!Array.isArray(value['committables'])) throw corrupt(store, ref.name, 'it has no committables')
  return { groups: value['groups'], list: value['list'], committables: value['committables'] }
}

export async function readEnumeratorState(store: ObjectStore, ref: ObjectRef): Promise<EnumeratorState> {
  const value = await decodeObject(store, ref)
  if (!isRecord(value) || !Array.isArray(value['known'])) throw corrupt(store, ref.name, 'it has no list of splits')
  return { known: value['known'].map(String), custom: value['custom'] }
}

/** Deletes everything of a checkpoint, its manifest first: a reader finds it whole or not at all. */
export async function deleteCheckpoint(store: ObjectStore, ref: { readonly id: number; readonly generation: number }) {
  await store.delete(manifestPath(ref.id, ref.generation))
  for (const name of await store.list(checkpointPrefix(ref.id, ref.generation))) await store.delete(name)
}

/**
 * Deletes what earlier generations wrote and the log does not name: aborted checkpoints, and subsumed ones that could
 * not be deleted. Only after one's own claim is in the log: then no older generation can complete a checkpoint.
 */
export async function sweepCheckpoints(store: ObjectStore, state: JobState): Promise<void> {
  const named = new Set(state.checkpoints.map(({ id, generation }) => checkpointPrefix(id, generation)))
  for (const name of await store.list(CHECKPOINTS_PREFIX)) {
    const of = checkpointOf(name)
    if (!of || of.generation >= state.generation || named.has(checkpointPrefix(of.id, of.generation))) continue
    await store.delete(name)
  }
}

async function createOwn(store: ObjectStore, name: string, data: Uint8Array): Promise<void> {
  if ((await store.create(name, data)) === 'created') return
  const existing = await store.read(name)
  if (existing && existing.length === data.length && checksum(existing) === checksum(data)) return
  throw new TidemarkError({
    code: 'CHECKPOINT_OBJECT_EXISTS',
    domain: 'coordination',
    message: `${name} in ${store.location} exists with other contents: another process writes the same checkpoint`,
  })
}

async function readObject(store: ObjectStore, ref: ObjectRef): Promise<Uint8Array> {
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
  const data = await readObject(store, ref)
  try {
    return decode(data)
  } catch (error) {
    throw corrupt(store, ref.name, messageOf(error), error)
  }
}

function isEmpty(snapshot: StageSnapshot): boolean {
  return snapshot.groups.length === 0 && snapshot.list.length === 0 && snapshot.committables.length === 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isGroups(value: unknown): value is [number, Uint8Array][] {
  return (
    Array.isArray(value) &&
    value.every((entry) => Array.isArray(entry) && Number.isInteger(entry[0]) && entry[1] instanceof Uint8Array)
  )
}

function corrupt(store: ObjectStore, name: string, why: string, cause?: unknown): TidemarkError {
  return new TidemarkError({
    code: 'CHECKPOINT_CORRUPT',
    domain: 'storage',
    message: `${name} in ${store.location} cannot be trusted: ${why}`,
    cause,
  })
}
