import type { CheckpointRef } from '../../core/checkpoint/job-state.js'
import type {
  CheckpointManifest,
  EnumeratorState,
  OperatorManifest,
  SubtaskState,
} from '../../core/checkpoint/manifest.js'
import { splitEvenly, subtasksOverlapping, watermarkByGroup } from '../../core/checkpoint/redistribute.js'
import { MIN_WATERMARK } from '../../core/element.js'
import { TidemarkError } from '../../core/errors.js'
import type { LogicalGraph } from '../../core/graph/node.js'
import { keyGroupRange } from '../../core/state/key-groups.js'
import { readEnumeratorState, readManifest, readSubtaskState } from '../storage/checkpoint-objects.js'
import type { ObjectStore } from '../storage/object-store.js'
import type { AssignedSplit } from '../task/source-stage.js'
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
  group: () => undefined,
  list: [],
  watermarkOf: () => MIN_WATERMARK,
  watermark: MIN_WATERMARK,
}

/** What a generation starts from: a checkpoint, read and verified, ready to be dealt out at any parallelism. */
export class RestorePoint {
  private operators: ReadonlyMap<string, RestoredOperator>
  private readonly groupsHandedOut: Map<number, Uint8Array>[] = []

  private constructor(operators: ReadonlyMap<string, RestoredOperator>) {
    this.operators = operators
  }

  static nothing(): RestorePoint {
    return new RestorePoint(new Map())
  }

  /** @throws TidemarkError STATE_WITHOUT_OPERATOR, or of storage when an object is missing or damaged. */
  static async read(store: ObjectStore, ref: CheckpointRef, graph: LogicalGraph): Promise<RestorePoint> {
    const manifest = await readManifest(store, ref)
    refuseOrphans(manifest, graph)
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
    return new RestorePoint(operators)
  }

  forSubtask(operatorId: string, target: SubtaskTarget): StageRestore {
    const { subtask, parallelism, maxParallelism } = target
    const operator = this.operators.get(operatorId)
    if (!operator) return NOTHING
    const range = keyGroupRange(subtask, parallelism, maxParallelism)
    const { watermarks } = operator
    const groups = new Map<number, Uint8Array>()
    this.groupsHandedOut.push(groups)
    for (const index of subtasksOverlapping(operator.manifest, range)) {
      for (const [group, data] of operator.states[index]?.groups ?? []) {
        if (group >= range.first && group < range.end) groups.set(group, data)
      }
    }
    let watermark = Number.POSITIVE_INFINITY
    for (let group = range.first; group < range.end; group++) {
      watermark = Math.min(watermark, watermarks[group] as number)
    }
    return {
      group: (group) => groups.get(group),
      list: splitEvenly(
        operator.states.flatMap((state) => state?.list ?? []),
        subtask,
        parallelism,
      ),
      watermarkOf: (group) => watermarks[group] ?? MIN_WATERMARK,
      watermark: watermark === Number.POSITIVE_INFINITY ? MIN_WATERMARK : watermark,
    }
  }

  /** Everything is restored: the stored bytes need not stay in memory beside the state they became. */
  release(): void {
    this.operators = new Map()
    for (const groups of this.groupsHandedOut.splice(0)) groups.clear()
  }

  forSource(sourceId: string): { enumerator: EnumeratorState; splits: readonly AssignedSplit[] } | undefined {
    const operator = this.operators.get(sourceId)
    if (!operator?.enumerator) return undefined
    // Written by SourceStage, verified by checksum.
    const splits = operator.states.flatMap((state) => state?.list ?? []) as AssignedSplit[]
    return { enumerator: operator.enumerator, splits }
  }
}

/** Committables of all sinks in a checkpoint, by sink id. */
export async function readCommittables(
  store: ObjectStore,
  ref: CheckpointRef,
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const manifest = await readManifest(store, ref)
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

function refuseOrphans(manifest: CheckpointManifest, graph: LogicalGraph): void {
  const ids = new Set(graph.nodes.filter(({ stable }) => stable).map(({ id }) => id))
  const orphans = manifest.operators.filter(({ id }) => !ids.has(id)).map(({ id }) => id)
  if (orphans.length === 0) return
  throw new TidemarkError({
    code: 'STATE_WITHOUT_OPERATOR',
    domain: 'user',
    message:
      `the checkpoint has state of ${orphans.map((id) => `'${id}'`).join(', ')}, which the job has not; ` +
      `the job has ${[...ids].map((id) => `'${id}'`).join(', ')}: give the steps their old ids`,
  })
}
