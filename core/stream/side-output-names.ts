import { graphError } from '../graph/graph-error.js'
import { requireSideOutputName } from '../graph/node-id.js'
import type { SideOutputs } from '../operators/side-output.js'

/** What every stream has already: a side output of that name could not be reached. */
const TAKEN: ReadonlySet<string> = new Set([
  'map',
  'filter',
  'flatMap',
  'mapAsync',
  'union',
  'split',
  'rebalance',
  'rescale',
  'replicate',
  'forward',
  'partitionBy',
  'iterate',
  'keyBy',
  'broadcast',
  'connect',
  'process',
  'to',
  'pipe',
  'window',
  'windowAll',
  'join',
  'coGroup',
  'intervalJoin',
  'temporalJoin',
  'failed',
  'late',
  'lateLeft',
  'lateRight',
  'constructor',
  '__proto__',
])

/** @throws TidemarkError GRAPH_ID_INVALID, GRAPH_STEP_INVALID */
export function sideOutputNames(id: string, declared: SideOutputs | undefined): readonly string[] {
  if (declared === undefined) return []
  const names = Object.keys(declared)
  for (const name of names) {
    requireSideOutputName(name, id, TAKEN)
    // A JavaScript caller may have left the declaration out.
    if ((declared[name] as { kind?: unknown } | null | undefined)?.kind !== 'sideOutput') {
      throw graphError('GRAPH_STEP_INVALID', `${id}: declare side output '${name}' with sideOutput<Type>()`, id)
    }
  }
  return names
}
