import type {
  CheckpointManifest,
  EnumeratorState,
  OperatorManifest,
  SubtaskState,
} from '../../core/checkpoint/manifest.js'
import { subtasksOverlapping, watermarkByGroup } from '../../core/checkpoint/redistribute.js'
import type { Logger } from '../../core/context.js'
import { MIN_WATERMARK } from '../../core/element.js'
import { TidemarkError } from '../../core/errors.js'
import type { LogicalGraph, LogicalNode } from '../../core/graph/node.js'
import { keyGroupRange } from '../../core/state/key-groups.js'
import { redistributeOperatorState } from '../../core/state/operator-state.js'
import { readEnumeratorState, readObject, readSubtaskState } from '../storage/checkpoint-objects.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { AssignedSplit } from '../task/source-link.js'
import type { StageRestore } from '../task/stage-snapshot.js'

interface RestoredOperator {
  readonly manifest: OperatorManifest
  /** By stored subtask; undefined: it had no state. */
  readonly states: readonly (SubtaskState | undefined)[]
  readonly watermarks: Float64Array
  readonly enumerator: EnumeratorState | undefined
}

export interface SubtaskTarget {
  readonly subtask: number
  readonly parallelism: number
  readonly maxParallelism: number
}

const NOTHING: StageRestore = {
  objects: [],
  operatorState: [],
  watermarkOf: () => MIN_WATERMARK,
  watermark: MIN_WATERMARK,
}

/** What a generation starts from: a checkpoint, read and verified, ready to be dealt out at any parallelism. */
export class RestorePoint {
  private readonly store: ObjectStore
  private readonly operators: ReadonlyMap<string, RestoredOperator>

  private constructor(store: ObjectStore, operators: ReadonlyMap<string, RestoredOperator>) {
    this.store = store
    this.operators = operators
  }

  static nothing(store: ObjectStore): RestorePoint {
    return new RestorePoint(store, new Map())
  }

  /** @throws TidemarkError STATE_WITHOUT_OPERATOR, STATE_OF_OTHER_KIND, or of storage when an object is missing or damaged. */
  static async of(
    store: ObjectStore,
    manifest: CheckpointManifest,
    { graph, dropping }: { readonly graph: LogicalGraph; readonly dropping: Dropping },
  ): Promise<RestorePoint> {
    requireOperators(manifest, graph, dropping)
    const operators = new Map<string, RestoredOperator>()
    for (const operator of manifest.operators) {
      const states = await Promise.all(
        operator.subtasks.map(({ state }) => (state ? readSubtaskState(store, state) : undefined)),
      )
      const enumerator = operator.enumerator && (await readEnumeratorState(store, operator.enumerator))
      operators.set(operator.id, {
        manifest: operator,
        states,
        watermarks: watermarkByGroup(operator, manifest.maxParallelism),
        enumerator,
      })
    }
    return new RestorePoint(store, operators)
  }

  forSubtask(operatorId: string, target: SubtaskTarget): StageRestore {
    const { subtask, parallelism, maxParallelism } = target
    const operator = this.operators.get(operatorId)
    if (!operator) return NOTHING
    const range = keyGroupRange(subtask, parallelism, maxParallelism)
    const { watermarks, manifest } = operator
    let watermark = Number.POSITIVE_INFINITY
    for (let group = range.first; group < range.end; group++) {
      watermark = Math.min(watermark, watermarks[group] as number)
    }
    return {
      objects: subtasksOverlapping(manifest, range).flatMap((index) =>
        (manifest.subtasks[index]?.keyed ?? []).map((ref) => ({
          name: ref.name,
          checkpoint: ref.checkpoint,
          read: () => readObject(this.store, ref),
        })),
      ),
      operatorState: redistributeOperatorState(
        operator.states.map((state) => state?.operatorState ?? []),
        subtask,
        parallelism,
      ),
      watermarkOf: (group) => watermarks[group] ?? MIN_WATERMARK,
      watermark: watermark === Number.POSITIVE_INFINITY ? MIN_WATERMARK : watermark,
    }
  }

  forSource(sourceId: string): { enumerator: EnumeratorState; splits: readonly AssignedSplit[] } | undefined {
    const operator = this.operators.get(sourceId)
    if (!operator?.enumerator) return undefined
    const splits = operator.states.flatMap((state) => state?.operatorState[0]?.entries ?? [])
    if (splits.every(isAssignedSplit)) return { enumerator: operator.enumerator, splits }
    throw new TidemarkError({
      code: 'CHECKPOINT_CORRUPT',
      domain: 'storage',
      operatorId: sourceId,
      message: `source '${sourceId}': expected splits, found something else in its state in ${this.store.location}`,
    })
  }
}

/** Committables of all sinks in a checkpoint, by sink id. */
export async function readCommittables(
  store: ObjectStore,
  manifest: CheckpointManifest,
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const bySink = new Map<string, readonly unknown[]>()
  for (const operator of manifest.operators) {
    if (operator.kind !== 'sink') continue
    const states = await Promise.all(operator.subtasks.map(({ state }) => state && readSubtaskState(store, state)))
    bySink.set(
      operator.id,
      states.flatMap((state) => state?.committables ?? []),
    )
  }
  return bySink
}

/** @throws TidemarkError STATE_WITHOUT_OPERATOR, unless such state may be dropped: then it is said */
export function refuseDroppedState(
  operatorId: string,
  states: readonly string[],
  { isAllowed, logger }: Dropping,
): void {
  if (isAllowed) {
    logger.warn('state is dropped that the job has not', { operator: operatorId, states: states.join(', ') })
    return
  }
  throw new TidemarkError({
    code: 'STATE_WITHOUT_OPERATOR',
    domain: 'user',
    operatorId,
    message:
      `operator '${operatorId}': the checkpoint has state of it that it does not declare: ` +
      `${states.map((name) => `'${name}'`).join(', ')}; declare it again, or allow that it is dropped (allowDroppedState)`,
  })
}

/**
 * Operators with state must be in the job, and of the kind that they were.
 * @throws TidemarkError STATE_WITHOUT_OPERATOR, STATE_OF_OTHER_KIND
 */
export function requireOperators(manifest: CheckpointManifest, graph: LogicalGraph, dropping: Dropping): void {
  const nodes = new Map(graph.nodes.filter(({ stable }) => stable).map((node) => [node.id, node]))
  const orphans = manifest.operators.filter(({ id }) => !nodes.has(id)).map(({ id }) => id)
  if (orphans.length > 0 && dropping.isAllowed) {
    dropping.logger.warn('state of operators is dropped that the job has not', { operators: orphans.join(', ') })
  } else if (orphans.length > 0) {
    throw new TidemarkError({
      code: 'STATE_WITHOUT_OPERATOR',
      domain: 'user',
      message:
        `the checkpoint has state of ${quoted(orphans)}, which the job has not; the job has ${quoted([...nodes.keys()])}: ` +
        'give the steps their old ids, or allow that the state is dropped (allowDroppedState)',
    })
  }
  for (const { id, kind, version } of manifest.operators) {
    const node = nodes.get(id)
    const error = node && otherKind({ id, kind, version }, node)
    if (error) throw error
  }
}

/** Undefined: the node can read what the operator of its id has stored, as far as the manifest says. */
export function otherKind(
  { id, kind, version }: Pick<OperatorManifest, 'id' | 'kind' | 'version'>,
  node: LogicalNode,
): TidemarkError | undefined {
  const known = node.kind === 'source' ? node.source.stateVersion : node.kind === 'sink' ? node.sink.stateVersion : 1
  if (node.kind === kind && version <= (known ?? 1)) return undefined
  return new TidemarkError({
    code: 'STATE_OF_OTHER_KIND',
    domain: 'user',
    operatorId: id,
    message:
      `operator '${id}': the checkpoint has state of a ${kind} (version ${version}), the job has a ${node.kind} ` +
      `(version ${known ?? 1}) of that id; give the new step an id of its own, or use the release that wrote the state`,
  })
}

export interface Dropping {
  readonly isAllowed: boolean
  readonly logger: Logger
}

const quoted = (ids: readonly string[]): string => ids.map((id) => `'${id}'`).join(', ')

/** As SourceStage stores it; of what is in the split only the connector knows. */
function isAssignedSplit(entry: unknown): entry is AssignedSplit {
  if (typeof entry !== 'object' || entry === null) return false
  const { split, watermark, finished } = entry as Partial<AssignedSplit>
  const isSplit = typeof split === 'object' && split !== null && typeof split.id === 'string'
  return isSplit && typeof watermark === 'number' && !Number.isNaN(watermark) && typeof finished === 'boolean'
}
