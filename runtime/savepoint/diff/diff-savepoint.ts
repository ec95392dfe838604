import type { OperatorManifest } from '../../../core/checkpoint/manifest.js'
import { resolve } from '../../../core/checkpoint/resolve.js'
import type { Environment } from '../../../core/environment.js'
import { messageOf, TidemarkError } from '../../../core/errors.js'
import type { ExecutionPlan } from '../../../core/graph/execution-plan.js'
import type { LogicalNode } from '../../../core/graph/node.js'
import { planOf } from '../../../core/graph/plan.js'
import type { Job } from '../../../core/job/job.js'
import { type ParameterLayers, resolveParameters } from '../../../core/parameters/resolve.js'
import { otherKind } from '../../coordinator/restore-point.js'
import { systemEnvironment } from '../../environment/system.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { readSavepointManifest } from '../../storage/savepoint-objects.js'
import { versionOfPackage } from '../../version.js'
import { openPlace, type PlaceOptions } from '../open-place.js'
import { SavepointReader } from '../read-savepoint.js'
import { declaredStateOf } from './declared-state.js'
import { diffStates, type StoredStates } from './diff-states.js'
import type { OperatorDiff, SavepointDiff, StateDiff, Verdict } from './savepoint-diff.js'

export interface DiffOptions extends PlaceOptions {
  readonly paramLayers?: Omit<ParameterLayers<unknown>, 'schema'>
  /** As the start would have it. */
  readonly parallelism?: number | undefined
  readonly maxParallelism?: number | undefined
  readonly allowDroppedState?: boolean
  readonly resumeDrained?: boolean
}

/**
 * What a job would do with a savepoint, without starting it: nothing of the user's runs but the job's own function, and
 * no source or sink is asked anything. So this does not say whether output was committed after the savepoint, nor whether
 * keys are of another type now: that is known with the first record.
 * @throws TidemarkError SAVEPOINT_MISSING, CHECKPOINT_CORRUPT, CHECKPOINT_NEWER, of storage, or of a job that cannot be built
 */
export async function diffSavepoint(
  location: string | ObjectStore,
  job: Job<unknown>,
  options: DiffOptions = {},
): Promise<SavepointDiff> {
  const place = await openPlace(location, options)
  try {
    const manifest = await readSavepointManifest(place.store)
    const reader = new SavepointReader({ store: place.store, close: async () => undefined }, manifest)
    const parameters = await resolveParameters({ schema: job.parameters, ...options.paramLayers })
    const graph = job.build(parameters)
    const { parallelism } = options
    const maxParallelism = options.maxParallelism ?? job.maxParallelism
    const { job: name, id, fingerprint, triggeredAt, tidemark, input } = manifest
    const refusals = [
      ...refusalsOf(() =>
        resolve({
          state: undefined,
          mode: 'fresh',
          job: job.name,
          maxParallelism,
          resumeDrained: options.resumeDrained ?? false,
          location: place.store.location,
          savepoint: { manifest, origin: { location: place.store.location, id, isClaimed: false } },
        }),
      ),
      ...refusalsOf(() => planOf(graph, { parallelism, maxParallelism: manifest.maxParallelism })),
    ]
    const nodes = new Map(graph.nodes.filter(({ stable }) => stable).map((node) => [node.id, node]))
    const plan =
      refusals.length === 0 ? planOf(graph, { parallelism, maxParallelism: manifest.maxParallelism }) : undefined
    const about: About = {
      reader,
      plan,
      environment: options.environment ?? systemEnvironment(),
      parameters: parameters as Readonly<Record<string, unknown>>,
      maxParallelism: manifest.maxParallelism,
      gone: options.allowDroppedState ? 'dropped' : 'refused',
    }
    const operators: OperatorDiff[] = []
    for (const stored of manifest.operators) operators.push(await diffStored(stored, nodes.get(stored.id), about))
    for (const node of nodes.values()) {
      if (!manifest.operators.some((operator) => operator.id === node.id)) operators.push(await diffNew(node, about))
    }
    return {
      savepoint: place.store.location,
      id,
      takenAt: triggeredAt,
      job: { savepoint: name, job: job.name },
      restores: refusals.length === 0 && operators.every(({ verdict }) => verdict !== 'refused'),
      refusals,
      sameGraph: graph.fingerprint === fingerprint,
      tidemark: { savepoint: tidemark, job: versionOfPackage() },
      input,
      maxParallelism: {
        savepoint: manifest.maxParallelism,
        ...(maxParallelism === undefined ? {} : { job: maxParallelism }),
      },
      operators,
    }
  } finally {
    await place.close()
  }
}

interface About {
  readonly reader: SavepointReader
  readonly plan: ExecutionPlan | undefined
  readonly environment: Environment
  readonly parameters: Readonly<Record<string, unknown>>
  readonly maxParallelism: number
  /** What becomes of state that the job has no place for. */
  readonly gone: Verdict
}

async function diffStored(
  stored: OperatorManifest,
  node: LogicalNode | undefined,
  about: About,
): Promise<OperatorDiff> {
  const { id, kind, subtasks } = stored
  const found = await contentsOf(about.reader, stored)
  const { committables, splits } = found
  const diff = {
    id,
    kind,
    parallelism: { savepoint: subtasks.length, ...parallelismOf(about.plan, id) },
    ...(kind === 'sink' ? { committables } : {}),
    ...(kind === 'source' ? { splits } : {}),
  }
  if (node === undefined) {
    if (committables > 0) {
      const why = `it has ${committables} committables, and the job has no such sink: give it back its id`
      return { ...diff, verdict: 'refused', why, states: [] }
    }
    const why = 'the job has no step of this id: give a step this id, or allow that its state is dropped'
    return { ...diff, verdict: about.gone, ...(about.gone === 'refused' ? { why } : {}), states: [] }
  }
  const other = otherKind(stored, node)
  if (other) return { ...diff, verdict: 'refused', why: other.message, states: [] }
  if (node.kind !== 'operator') return { ...diff, verdict: 'restores', states: [] }
  const states = diffStates(found, await declaredStateOf(node, about), about.gone)
  return { ...diff, verdict: worst(states), states }
}

async function diffNew(node: LogicalNode, about: About): Promise<OperatorDiff> {
  const { id, kind } = node
  const nothing: StoredStates = { keyed: [], operator: [] }
  const states = node.kind === 'operator' ? diffStates(nothing, await declaredStateOf(node, about), about.gone) : []
  return { id, kind, parallelism: parallelismOf(about.plan, id), verdict: 'new', states }
}

interface Contents extends StoredStates {
  readonly splits: number
  readonly committables: number
}

async function contentsOf(reader: SavepointReader, { id, kind }: OperatorManifest): Promise<Contents> {
  const modes = new Map<string, StoredStates['operator'][number]>()
  let committables = 0
  let splits = 0
  for await (const subtask of reader.contents(id)) {
    committables += subtask.committables.length
    for (const { name, mode, entries } of subtask.operatorState) {
      splits += entries.length
      if (entries.length > 0) modes.set(name, { name, mode })
    }
  }
  const keyed = kind === 'operator' ? await reader.states(id) : []
  return { keyed, operator: [...modes.values()], splits, committables }
}

/** Of an operator: what its states come to. */
function worst(states: readonly StateDiff[]): Verdict {
  for (const verdict of ['refused', 'migrates'] as const) {
    if (states.some((state) => state.verdict === verdict)) return verdict
  }
  return 'restores'
}

function parallelismOf(plan: ExecutionPlan | undefined, id: string): { readonly job?: number } {
  const vertex = plan?.vertices.find(({ chain }) => chain.some((node) => node.id === id))
  return vertex ? { job: vertex.parallelism } : {}
}

function refusalsOf(decide: () => unknown): readonly string[] {
  try {
    decide()
    return []
  } catch (error) {
    if (error instanceof TidemarkError) return [messageOf(error)]
    throw error
  }
}
