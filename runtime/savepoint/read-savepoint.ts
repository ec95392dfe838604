import type { CheckpointManifest, OperatorManifest, SubtaskState } from '../../core/checkpoint/manifest.js'
import type { StoredLayout } from '../../core/state/component.js'
import type { OperatorStateSnapshot } from '../../core/state/operator-state.js'
import { readEnumeratorState, readSubtaskState } from '../storage/checkpoint-objects.js'
import type { ObjectStore } from '../storage/object-store.js'
import { readSavepointManifest } from '../storage/savepoint-objects.js'
import { decodePair } from './decode-pair.js'
import type { KeyedStateEntry, StoredState } from './entries.js'
import { type Layout, layoutOf, stateNameOf } from './layouts.js'
import { type OpenPlace, openPlace, type PlaceOptions } from './open-place.js'
import { framesOfSubtask, placeOf } from './operator-frames.js'
import { pairsOf } from './operator-pairs.js'
import { layoutUnknown, stateCorrupt, unknownOperator, unknownState } from './savepoint-error.js'
import { infoOf, operatorInfoOf, type SavepointInfo, type SavepointOperator } from './savepoint-info.js'

/** What an operator has besides keyed state, on one of its subtasks. */
export interface SubtaskContents {
  readonly subtask: number
  /** Of a source: its splits, under the name `splits`. */
  readonly operatorState: readonly OperatorStateSnapshot[]
  /** Of a sink: what is to be committed before a job goes on. */
  readonly committables: readonly unknown[]
}

/**
 * Opens a savepoint to look into it. Everything is verified before it is decoded, and decoded when it is asked for.
 *
 * @example
 * const savepoint = await readSavepoint('s3://my-state/taxi/savepoints/before-upgrade')
 * for await (const entry of savepoint.keyedState('pickups-per-cell')) console.log(entry)
 * await savepoint.close()
 * @throws TidemarkError SAVEPOINT_MISSING, CHECKPOINT_CORRUPT, CHECKPOINT_NEWER, or of storage
 */
export async function readSavepoint(
  location: string | ObjectStore,
  options: PlaceOptions = {},
): Promise<SavepointReader> {
  const place = await openPlace(location, options)
  try {
    return new SavepointReader(place, await readSavepointManifest(place.store))
  } catch (error) {
    await place.close()
    throw error
  }
}

/** A savepoint, open for reading. */
export class SavepointReader {
  readonly info: SavepointInfo
  readonly #place: OpenPlace
  readonly #manifest: CheckpointManifest

  /** @internal */
  constructor(place: OpenPlace, manifest: CheckpointManifest) {
    this.#place = place
    this.#manifest = manifest
    this.info = infoOf(manifest, place.store.location)
  }

  operators(): readonly SavepointOperator[] {
    return this.#manifest.operators.map(operatorInfoOf)
  }

  /**
   * The keyed states of an operator. Reads the heads of all its frames: they are not in the manifest.
   * @throws TidemarkError SAVEPOINT_OPERATOR_UNKNOWN, CHECKPOINT_CORRUPT
   */
  async states(operatorId: string): Promise<readonly StoredState[]> {
    const operator = this.#operator(operatorId)
    const place = placeOf(this.#place.store, operator)
    const states = new Map<string, StoredState>()
    for (const subtask of operator.subtasks.keys()) {
      for await (const { frame } of framesOfSubtask(this.#place.store, operator, subtask)) {
        const { component, layout, version } = frame
        const known = states.get(component)
        if (known?.layout === layout && known.version >= version) continue
        if (known !== undefined && known.layout !== layout)
          throw stateCorrupt(place, `'${component}' has two layouts, ${known.layout} and ${layout}`)
        const found = layoutOf(component, frame)
        if (found === undefined) throw layoutUnknown(place, component, `${layout}, version ${version}`)
        const kind = found.kind === 'pane' || found.kind === 'windows' ? 'window' : found.kind
        states.set(component, { state: stateNameOf(component), kind, layout, version })
      }
    }
    return [...states.values()]
  }

  /**
   * Keyed state of an operator, or one state of it, entry by entry. Held in memory is one object (4 MiB and what a single
   * value takes beyond that); of a copied incremental checkpoint also one key group of one state.
   * @param state as the job declares it; `timers` and `windows` are the engine's own
   * @throws TidemarkError SAVEPOINT_OPERATOR_UNKNOWN, SAVEPOINT_STATE_UNKNOWN, STATE_LAYOUT_UNKNOWN, CHECKPOINT_CORRUPT
   */
  async *keyedState(operatorId: string, state?: string): AsyncGenerator<KeyedStateEntry, void, undefined> {
    const operator = this.#operator(operatorId)
    const { store } = this.#place
    const { maxParallelism } = this.#manifest
    const place = placeOf(store, operator)
    const seen = new Set<string>()
    const requireLayout = (component: string, stored: StoredLayout): Layout => {
      const layout = layoutOf(component, stored)
      if (layout !== undefined) return layout
      throw layoutUnknown(place, component, `${stored.layout}, version ${stored.version}`)
    }
    const isWanted = (component: string): boolean => {
      const name = stateNameOf(component)
      seen.add(name)
      return state === undefined || state === name
    }
    let current: { readonly stored: StoredLayout; readonly layout: Layout } | undefined
    for await (const pair of pairsOf(store, operator, isWanted)) {
      const { stored, component } = pair
      // All pairs of a frame have the same one.
      if (current?.stored !== stored) current = { stored, layout: requireLayout(component, stored) }
      const { group } = pair
      for (const entry of decodePair(place, current.layout, pair, maxParallelism)) yield { ...entry, group }
    }
    if (state !== undefined && !seen.has(state)) throw unknownState(place, state, [...seen])
  }

  /**
   * What an operator has besides keyed state, subtask by subtask.
   * @throws TidemarkError SAVEPOINT_OPERATOR_UNKNOWN, CHECKPOINT_CORRUPT
   */
  async *contents(operatorId: string): AsyncGenerator<SubtaskContents, void, undefined> {
    for (const [subtask, { state }] of this.#operator(operatorId).subtasks.entries()) {
      const found: SubtaskState = state
        ? await readSubtaskState(this.#place.store, state)
        : { operatorState: [], committables: [] }
      yield { subtask, operatorState: found.operatorState, committables: found.committables }
    }
  }

  /**
   * What a source's enumerator has discovered. Undefined: the operator is no source.
   * @throws TidemarkError SAVEPOINT_OPERATOR_UNKNOWN, CHECKPOINT_CORRUPT
   */
  async enumerator(
    sourceId: string,
  ): Promise<{ readonly known: readonly string[]; readonly custom: unknown } | undefined> {
    const { enumerator } = this.#operator(sourceId)
    return enumerator && (await readEnumeratorState(this.#place.store, enumerator))
  }

  async close(): Promise<void> {
    await this.#place.close()
  }

  #operator(id: string): OperatorManifest {
    const { operators } = this.#manifest
    const found = operators.find((operator) => operator.id === id)
    if (found) return found
    throw unknownOperator(
      this.#place.store.location,
      id,
      operators.map((operator) => operator.id),
    )
  }
}
