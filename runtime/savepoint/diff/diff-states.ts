import { messageOf } from '../../../core/errors.js'
import type { KeyGroupedComponent } from '../../../core/state/component.js'
import type { OperatorStateSnapshot } from '../../../core/state/operator-state.js'
import type { StoredState } from '../entries.js'
import { STATE_PREFIX, stateNameOf, TIMERS } from '../layouts.js'
import type { DeclaredState } from './declared-state.js'
import type { StateDiff, Verdict } from './savepoint-diff.js'

/** What an operator has stored. */
export interface StoredStates {
  readonly keyed: readonly StoredState[]
  readonly operator: readonly Pick<OperatorStateSnapshot, 'name' | 'mode'>[]
}

/** State by state: first what is stored, then what is new. `gone`: what becomes of state that nobody declares. */
export function diffStates(stored: StoredStates, declared: DeclaredState, gone: Verdict): readonly StateDiff[] {
  const keyed = stored.keyed.map((state) => diffKeyed(state, declared.keyed.get(componentOf(state)), gone))
  const known = new Set(stored.keyed.map(componentOf))
  // Every step with a key could have timers.
  const fresh = [...declared.keyed.keys()].filter((name) => name !== TIMERS && !known.has(name)).map(stateNameOf)
  const operator = stored.operator.map((state) => diffOperatorState(state, declared, gone))
  const names = new Set(stored.operator.map(({ name }) => name))
  const freshOperator = [...declared.operator.keys()].filter((name) => !names.has(name))
  return [...keyed, ...operator, ...[...fresh, ...freshOperator].map((state): StateDiff => ({ state, verdict: 'new' }))]
}

function diffKeyed(stored: StoredState, declared: KeyGroupedComponent | undefined, gone: Verdict): StateDiff {
  const { state, layout, version } = stored
  if (declared === undefined) return undeclared(state, layout, gone)
  try {
    declared.accept({ layout, version })
  } catch (refused) {
    return { state, layout, verdict: 'refused', why: messageOf(refused) }
  }
  if (version === declared.version) return { state, layout, verdict: 'restores' }
  return { state, layout, verdict: 'migrates', from: version, to: declared.version }
}

function diffOperatorState(
  { name, mode }: StoredStates['operator'][number],
  declared: DeclaredState,
  gone: Verdict,
): StateDiff {
  const layout = `${mode} state`
  const now = declared.operator.get(name)
  if (now === undefined) return undeclared(name, layout, gone)
  if (now === mode) return { state: name, layout, verdict: 'restores' }
  return { state: name, layout, verdict: 'refused', why: `expected ${now} state, found ${layout}` }
}

function undeclared(state: string, layout: string, verdict: Verdict): StateDiff {
  if (verdict !== 'refused') return { state, layout, verdict }
  return { state, layout, verdict, why: 'the job does not declare it: declare it again, or allow that it is dropped' }
}

function componentOf({ state, kind }: StoredState): string {
  if (kind === 'timer') return TIMERS
  return kind === 'window' ? state : STATE_PREFIX + state
}
