import { graphError } from '../graph/graph-error.js'
import type { BroadcastDeclarations } from '../state/broadcast-state.js'
import type { StateDeclarations } from '../state/declare.js'
import type { OperatorStateDeclarations } from '../state/operator-list-state.js'

/**
 * States by name and kind, for people and the fingerprint: `count: value, seen: map`.
 * @throws TidemarkError GRAPH_STEP_INVALID
 */
export function stateLabel(id: string, declared: StateDeclarations | undefined): string {
  const labels: string[] = []
  for (const [name, declaration] of Object.entries(declared ?? {})) {
    // A JavaScript caller may have passed anything.
    const kind: unknown = (declaration as { kind?: unknown } | null | undefined)?.kind
    if (typeof kind !== 'string') {
      throw graphError('GRAPH_STEP_INVALID', `${id}: declare state '${name}' with valueState(), listState(), ...`, id)
    }
    labels.push(`${name}: ${kind}`)
  }
  return labels.sort().join(', ')
}

/**
 * `process`, or `process(seen: operator union)`.
 * @throws TidemarkError GRAPH_STEP_INVALID
 */
export function withOperatorState(step: string, id: string, declared: OperatorStateDeclarations | undefined): string {
  const labels = Object.entries(declared ?? {}).map(([name, declaration]) => {
    const mode: unknown = (declaration as { mode?: unknown } | null | undefined)?.mode
    if (mode === 'list' || mode === 'union') return `${name}: operator ${mode}`
    const how = 'listOperatorState() or unionOperatorState()'
    throw graphError('GRAPH_STEP_INVALID', `${id}: declare operator state '${name}' with ${how}`, id)
  })
  return labels.length === 0 ? step : `${step}(${labels.sort().join(', ')})`
}

/**
 * `limits: value, rules: map`.
 * @throws TidemarkError GRAPH_STEP_INVALID
 */
export function broadcastLabel(declared: BroadcastDeclarations): string {
  if (typeof declared !== 'object' || declared === null) {
    throw graphError(
      'GRAPH_STEP_INVALID',
      'broadcast: expected its state, such as broadcast({ rules: mapState() }); to give every subtask every record, replicate()',
    )
  }
  const labels = Object.entries(declared).map(([name, declaration]) => {
    const kind: unknown = (declaration as { kind?: unknown } | null | undefined)?.kind
    if (((declaration as { version?: number }).version ?? 1) !== 1) {
      throw graphError('GRAPH_STEP_INVALID', `broadcast: state '${name}' cannot have a version, only keyed state can`)
    }
    if ((declaration as { ttl?: unknown }).ttl !== undefined) {
      throw graphError('GRAPH_STEP_INVALID', `broadcast: state '${name}' cannot have a ttl, only keyed state can`)
    }
    if (kind === 'map' || kind === 'value') return `${name}: ${kind}`
    throw graphError('GRAPH_STEP_INVALID', `broadcast: declare state '${name}' with mapState() or valueState()`)
  })
  return labels.sort().join(', ')
}
