import type { OperatorStateMode, OperatorStateSnapshot } from './operator-state.js'
import { stateLayoutUnknown } from './state-error.js'

/** The operator state that one subtask starts from, and which of it nobody has asked for. */
export class RestoredOperatorState {
  readonly #operatorId: string
  readonly #states: ReadonlyMap<string, OperatorStateSnapshot>
  readonly #taken = new Set<string>()

  /** @param states dealt out to the subtask already */
  constructor(operatorId: string, states: readonly OperatorStateSnapshot[]) {
    this.#operatorId = operatorId
    this.#states = new Map(states.map((state) => [state.name, state]))
  }

  /**
   * Empty for a name that is not there.
   * @throws TidemarkError STATE_LAYOUT_UNKNOWN when the state was stored in another mode
   */
  take(name: string, mode: OperatorStateMode): readonly unknown[] {
    this.#taken.add(name)
    const state = this.#states.get(name)
    if (state !== undefined && state.mode !== mode) {
      throw stateLayoutUnknown(this.#operatorId, name, `${mode} state`, `${state.mode} state`)
    }
    return state?.entries ?? []
  }

  /** States with entries that were not taken. */
  get unclaimed(): readonly string[] {
    return [...this.#states.values()]
      .filter(({ name, entries }) => entries.length > 0 && !this.#taken.has(name))
      .map(({ name }) => name)
  }
}
