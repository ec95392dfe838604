import { graphError } from '../graph/graph-error.js'
import type { StateDeclarations } from '../state/declare.js'

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
