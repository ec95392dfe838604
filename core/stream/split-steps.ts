import { graphError } from '../graph/graph-error.js'
import type { NodeInput } from '../graph/node.js'
import { requireSideOutputName } from '../graph/node-id.js'
import { FAILED_OUTPUT } from '../operators/guard/call-guard.js'
import { splitOperator } from '../operators/split.js'
import { operatorOf } from './operator-of.js'
import { knownPlacement } from './placement.js'
import { outputOf, type Scope } from './scope.js'
import type { Branches, SplitStreams } from './split.js'
import type { StatelessOptions } from './stream.js'

const NOTHING_TAKEN: ReadonlySet<string> = new Set()

/** What no predicate takes is the main output, each branch a side output. */
export function splitStreams<T, B extends Branches<T>>(
  scope: Scope,
  inputs: readonly NodeInput[],
  { branches, options }: { readonly branches: B; readonly options: StatelessOptions },
): SplitStreams<T, B> {
  const named = requireBranches(branches)
  const node = scope.graph.addOperator({
    id: undefined,
    step: 'split',
    label: `split(${named.map(([name]) => name).join(', ')})`,
    details: options.name,
    inputs,
    sideOutputs: named.map(([name]) => name),
    ...knownPlacement(options),
    create: operatorOf(() => splitOperator<T>(named)),
  })
  const streams = named.map(([name], index) => [name, scope.stream(outputOf(node, index + 1))] as const)
  // A stream for each name of B, and the rest.
  return Object.freeze({ ...Object.fromEntries(streams), rest: scope.stream(outputOf(node)) }) as SplitStreams<T, B>
}

/** @throws TidemarkError GRAPH_STEP_INVALID, GRAPH_ID_INVALID */
function requireBranches<T>(branches: Branches<T>): readonly (readonly [string, (value: T) => boolean])[] {
  const named = typeof branches === 'object' && branches !== null ? Object.entries(branches) : []
  if (named.length === 0) {
    throw graphError(
      'GRAPH_STEP_INVALID',
      "split: expected predicates by name, such as { trips: (e) => e.type === 'trip' }",
    )
  }
  for (const [name, predicate] of named) {
    requireSideOutputName(name, 'split', NOTHING_TAKEN)
    if (name === 'rest') {
      throw graphError('GRAPH_ID_INVALID', "split: 'rest' has what no branch takes, call the branch something else")
    }
    if (name === FAILED_OUTPUT) {
      throw graphError('GRAPH_ID_INVALID', `split: '${name}' has dead letters, call the branch something else`)
    }
    if (/^\d+$/.test(name)) {
      // An object has those before all others, wherever they were written.
      throw graphError('GRAPH_ID_INVALID', `split: a branch cannot be called '${name}': numbers would be asked first`)
    }
    if (typeof predicate === 'function') continue
    throw graphError(
      'GRAPH_STEP_INVALID',
      `split: expected branch '${name}' to be a predicate, found ${typeof predicate}`,
    )
  }
  return named
}
