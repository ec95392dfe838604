import type { DeadLetter } from '../connector.js'
import { graphError } from '../graph/graph-error.js'
import type { NodeInput } from '../graph/node.js'
import { FAILED_OUTPUT } from '../operators/guard/call-guard.js'
import { outputOf, type Scope } from './scope.js'
import type { Stream } from './stream.js'

/**
 * The dead letters of the step whose result is read by `inputs`.
 * @throws TidemarkError GRAPH_STEP_INVALID
 */
export function failedOf(scope: Scope, inputs: readonly NodeInput[]): Stream<DeadLetter> {
  const [input] = inputs
  const port = (input?.from.sideOutputs.indexOf(FAILED_OUTPUT) ?? -1) + 1
  if (input !== undefined && inputs.length === 1 && port > 0) return scope.stream(outputOf(input.from, port))
  throw graphError(
    'GRAPH_STEP_INVALID',
    `failed: '${input?.from.id}' hands on no dead letters. Give the step the option onError: 'deadLetter', and read failed ` +
      'right behind it',
    input?.from.id,
  )
}
