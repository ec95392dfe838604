import type { CheckpointManifest, OperatorManifest } from '../../core/checkpoint/manifest.js'
import { optionInvalid, requireKnownOptions } from '../../core/options.js'
import { keyGroupOf, keyGroupRange } from '../../core/state/key-groups.js'
import { systemEnvironment } from '../environment/system.js'
import type { ObjectStore } from '../storage/object-store.js'
import { versionOfPackage } from '../version.js'
import type { KeyedEntry } from './entries.js'
import { KeyedStateWriter } from './keyed-state-writer.js'
import { makeSavepoint, requireMaxParallelism, requireOperatorId } from './new-savepoint.js'
import { openPlace, type PlaceOptions } from './open-place.js'
import { entryInvalid } from './savepoint-error.js'
import { infoOf, type SavepointInfo } from './savepoint-info.js'
import { componentOf, isByKey, pairFor } from './stored-state.js'

/** The keyed state that one operator is to begin with. */
export interface SeededOperator {
  readonly id: string
  /**
   * In any order, but that windows kept by key follow each other when they are of the same key. Of two entries with the
   * same key the later one counts.
   */
  readonly entries: Iterable<KeyedEntry> | AsyncIterable<KeyedEntry>
  /** Event time that the operator has reached, epoch milliseconds: what is at or before it is late. Default: none. */
  readonly watermark?: number
  /** By the name of a state: of its values, where the job declares one. Default 1. */
  readonly versions?: Readonly<Record<string, number>>
}

export interface SavepointDescription {
  /** The job's name: no other can start from it. */
  readonly job: string
  /** That the job will have for ever. */
  readonly maxParallelism: number
  readonly operators: readonly SeededOperator[]
}

const WHERE = 'writeSavepoint'
/** In whose place it stands: the job's own checkpoints follow it. */
const ID = 1

/**
 * Writes a savepoint that no job has taken, to give a job its first state. Sources begin at their start position.
 *
 * @example
 * await writeSavepoint('seed', {
 *   job: 'loyalty',
 *   maxParallelism: 128,
 *   operators: [{ id: 'points', entries: rows.map(({ user, points }) => ({ kind: 'value', state: 'points', key: user, value: points })) }],
 * })
 * await run(job, { from: 'seed' })
 * @throws TidemarkError SAVEPOINT_EXISTS, SAVEPOINT_ENTRY_INVALID, KEY_INVALID, OPTION_INVALID, or of storage
 */
export async function writeSavepoint(
  to: string | ObjectStore,
  description: SavepointDescription,
  options: PlaceOptions = {},
): Promise<SavepointInfo> {
  requireKnownOptions(WHERE, description, { job: true, maxParallelism: true, operators: true })
  requireKnownOptions(WHERE, options, { s3: true, environment: true })
  const { job } = description
  if (typeof job !== 'string' || job === '') throw optionInvalid(WHERE, 'it needs the name of the job')
  const maxParallelism = requireMaxParallelism(WHERE, description.maxParallelism)
  const ids = description.operators.map(({ id }) => requireOperatorId(WHERE, id))
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) throw optionInvalid(WHERE, `operator '${twice}' is there twice`)
  const environment = options.environment ?? systemEnvironment()
  const place = await openPlace(to, options)
  const { store } = place
  try {
    const manifest = await makeSavepoint(store, async (): Promise<CheckpointManifest> => {
      const operators: OperatorManifest[] = []
      for (const operator of description.operators) operators.push(await seed(store, operator, maxParallelism))
      return {
        format: 'tidemark-savepoint',
        version: 0,
        tidemark: versionOfPackage(),
        triggeredAt: environment.clock.now(),
        job,
        lineage: environment.nonce().slice(0, 8),
        generation: 1,
        id: ID,
        fingerprint: '',
        maxParallelism,
        input: 'open',
        operators,
      }
    })
    return infoOf(manifest, store.location)
  } finally {
    await place.close()
  }
}

async function seed(store: ObjectStore, operator: SeededOperator, maxParallelism: number): Promise<OperatorManifest> {
  const { id, entries, watermark, versions = {} } = operator
  const writer = new KeyedStateWriter({ store, operatorId: id, parallelism: 1, maxParallelism, checkpoint: ID })
  const kinds = new Map<string, string>()
  const put = async (together: readonly [KeyedEntry, ...KeyedEntry[]]): Promise<void> => {
    const [first] = together
    const { component, stored } = componentOf(id, first, versions[first.state] ?? 1)
    const before = kinds.get(component)
    if (before !== undefined && before !== stored.layout) {
      throw entryInvalid(id, `'${first.state}' has two layouts, ${before} and ${stored.layout}`)
    }
    kinds.set(component, stored.layout)
    const pair = pairFor(id, together)
    await writer.add(component, stored, keyGroupOf(first.key, maxParallelism), pair)
  }
  for await (const together of byKey(entries)) await put(together)
  const [keyed = []] = await writer.finish()
  const range = keyGroupRange(0, 1, maxParallelism)
  return {
    id,
    kind: 'operator',
    version: 1,
    subtasks: [{ range, watermark: watermark ?? null, floors: [], keyed, state: null }],
  }
}

/** Windows of one key that are stored together, together. */
async function* byKey(
  entries: SeededOperator['entries'],
): AsyncGenerator<readonly [KeyedEntry, ...KeyedEntry[]], void, undefined> {
  let held: [KeyedEntry, ...KeyedEntry[]] | undefined
  for await (const entry of entries) {
    if (held !== undefined && isByKey(entry) && isByKey(held[0]) && isSameKey(entry, held[0])) {
      held.push(entry)
      continue
    }
    if (held !== undefined) yield held
    held = [entry]
  }
  if (held !== undefined) yield held
}

function isSameKey(one: KeyedEntry, other: KeyedEntry): boolean {
  if (one.key === other.key) return true
  if (!Array.isArray(one.key) || !Array.isArray(other.key)) return false
  const others: readonly unknown[] = other.key
  return one.key.length === others.length && one.key.every((part, index) => Object.is(part, others[index]))
}
