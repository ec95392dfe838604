import type { CheckpointManifest, OperatorManifest, SubtaskManifest } from '../../core/checkpoint/manifest.js'
import { savepointEnumeratorPath, savepointKeyedPath, savepointStatePath } from '../../core/checkpoint/paths.js'
import { optionInvalid, requireKnownOptions } from '../../core/options.js'
import type { ObjectStore } from '../storage/object-store.js'
import { readSavepointManifest } from '../storage/savepoint-objects.js'
import { copyObject } from './copy-object.js'
import type { KeyedEntry } from './entries.js'
import { makeSavepoint, requireMaxParallelism, requireOperatorId } from './new-savepoint.js'
import { openPlace, type PlaceOptions } from './open-place.js'
import { rewriteKeyed } from './rewrite-keyed.js'
import { unknownOperator } from './savepoint-error.js'
import { infoOf, type SavepointInfo } from './savepoint-info.js'

export interface SavepointTransform extends PlaceOptions {
  /** New ids by old ones. */
  readonly renameOperators?: Readonly<Record<string, string>>
  /** All that these have goes: of a source its position, of a sink what waits to be committed. */
  readonly dropOperators?: readonly string[]
  /** Deals every key out anew. Default: it stays. */
  readonly maxParallelism?: number
  /** Under which name the job is to start. Default: it stays. */
  readonly job?: string
  /**
   * Called with each entry of keyed state; gives the entry to keep, or undefined to drop it. What tells entries apart
   * (key, state, kind, key of a map, window, time of a timer) has to stay. The operator's id is the old one.
   */
  readonly mapState?: (operatorId: string, state: string, entry: KeyedEntry) => KeyedEntry | undefined
}

export interface TransformedSavepoint extends SavepointInfo {
  readonly entries: { readonly read: number; readonly dropped: number }
}

const WHERE = 'transformSavepoint'

/**
 * Writes a savepoint that differs from another one, which stays as it is. What a transformation does not touch is copied
 * object by object, verified.
 *
 * @example
 * await transformSavepoint('before', 'after', { renameOperators: { counts: 'pickups-per-cell' }, maxParallelism: 512 })
 * @throws TidemarkError SAVEPOINT_MISSING, SAVEPOINT_EXISTS, SAVEPOINT_OPERATOR_UNKNOWN, SAVEPOINT_ENTRY_INVALID,
 *   SAVEPOINT_WATERMARKS_DIFFER, CHECKPOINT_CORRUPT, OPTION_INVALID, or of storage
 */
export async function transformSavepoint(
  from: string | ObjectStore,
  to: string | ObjectStore,
  transform: SavepointTransform,
): Promise<TransformedSavepoint> {
  requireKnownOptions(WHERE, transform, {
    renameOperators: true,
    dropOperators: true,
    maxParallelism: true,
    job: true,
    mapState: true,
    s3: true,
    environment: true,
  })
  const source = await openPlace(from, transform)
  try {
    const manifest = await readSavepointManifest(source.store)
    const ids = idsAfter(manifest, source.store.location, transform)
    const target = await openPlace(to, transform)
    try {
      const entries = { read: 0, dropped: 0 }
      const made = await makeSavepoint(target.store, () =>
        transformed({ from: source.store, to: target.store, manifest, ids, transform, entries }),
      )
      return { ...infoOf(made, target.store.location), entries }
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

interface Work {
  readonly from: ObjectStore
  readonly to: ObjectStore
  readonly manifest: CheckpointManifest
  /** Of the operators that stay, by their old ones. */
  readonly ids: ReadonlyMap<string, string>
  readonly transform: SavepointTransform
  readonly entries: { read: number; dropped: number }
}

function idsAfter(manifest: CheckpointManifest, location: string, transform: SavepointTransform): Map<string, string> {
  const { renameOperators = {}, dropOperators = [] } = transform
  const known = manifest.operators.map(({ id }) => id)
  for (const id of [...Object.keys(renameOperators), ...dropOperators]) {
    if (!known.includes(id)) throw unknownOperator(location, id, known)
  }
  const ids = new Map<string, string>()
  for (const id of known) {
    if (dropOperators.includes(id)) continue
    const renamed = Object.hasOwn(renameOperators, id) ? requireOperatorId(WHERE, renameOperators[id]) : id
    for (const [other, taken] of ids) {
      if (taken === renamed) throw optionInvalid(WHERE, `operators '${other}' and '${id}' would both be '${renamed}'`)
    }
    ids.set(id, renamed)
  }
  return ids
}

async function transformed(work: Work): Promise<CheckpointManifest> {
  const { manifest, transform, ids } = work
  const { job = manifest.job } = transform
  if (typeof job !== 'string' || job === '') throw optionInvalid(WHERE, 'job is the name of a job')
  const maxParallelism = requireMaxParallelism(WHERE, transform.maxParallelism ?? manifest.maxParallelism)
  const operators: OperatorManifest[] = []
  for (const operator of manifest.operators) {
    const id = ids.get(operator.id)
    if (id !== undefined) operators.push(await transformOperator(work, operator, { id, maxParallelism }))
  }
  return { ...manifest, format: 'tidemark-savepoint', job, maxParallelism, operators }
}

async function transformOperator(
  work: Work,
  operator: OperatorManifest,
  { id, maxParallelism }: { readonly id: string; readonly maxParallelism: number },
): Promise<OperatorManifest> {
  const { from, to, manifest, transform, entries } = work
  const { enumerator } = operator
  const isRegrouped = maxParallelism !== manifest.maxParallelism
  const isMapped = transform.mapState !== undefined && operator.subtasks.some(({ keyed }) => keyed.length > 0)
  const keyed =
    isRegrouped || isMapped
      ? await rewriteKeyed({ from, to, manifest, operator, id, maxParallelism, mapState: transform.mapState, entries })
      : await copyKeyed(work, operator, id)
  const subtasks: SubtaskManifest[] = []
  for (const [index, subtask] of keyed.entries()) {
    const state = subtask.state && (await copyObject(from, subtask.state, { to, name: savepointStatePath(id, index) }))
    subtasks.push({ ...subtask, state })
  }
  return {
    ...operator,
    id,
    subtasks,
    ...(enumerator
      ? { enumerator: await copyObject(from, enumerator, { to, name: savepointEnumeratorPath(id) }) }
      : {}),
  }
}

async function copyKeyed({ from, to }: Work, operator: OperatorManifest, id: string): Promise<SubtaskManifest[]> {
  const subtasks: SubtaskManifest[] = []
  for (const [index, subtask] of operator.subtasks.entries()) {
    const keyed = []
    for (const [part, ref] of subtask.keyed.entries()) {
      const copied = await copyObject(from, ref, { to, name: savepointKeyedPath(id, { subtask: index, part }) })
      keyed.push({ ...copied, checkpoint: ref.checkpoint })
    }
    subtasks.push({ ...subtask, keyed })
  }
  return subtasks
}
