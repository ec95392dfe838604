import { CallGuard, FAILED_OUTPUT } from '../operators/guard/call-guard.js'
import { describePolicy, errorPolicyOf } from '../operators/guard/error-policy.js'
import { guardedOperator } from '../operators/guard/guarded-operator.js'
import type { OperatorStep } from './graph-builder.js'
import { graphError } from './graph-error.js'

/** Steps that call a function of their user for a record or a timer. */
const GUARDED: ReadonlySet<string> = new Set(['map', 'filter', 'flatMap', 'process', 'reduce', 'split'])

/**
 * The step as its `onError` asks for: with a guard around its operator, and the side output of dead letters.
 * @throws TidemarkError OPTION_INVALID, GRAPH_STEP_INVALID
 */
export function withErrorPolicy(step: OperatorStep): OperatorStep {
  const where = step.id === undefined ? step.step : `${step.step} '${step.id}'`
  const policy = errorPolicyOf(where, step.onError)
  if (policy === undefined) return step
  if (!GUARDED.has(step.step)) {
    throw graphError(
      'GRAPH_STEP_INVALID',
      `${where}: onError is for map, filter, flatMap, split, process and reduce; check the records in one of those before it`,
      step.id,
    )
  }
  return {
    ...step,
    details: [step.details, describePolicy(policy)].filter(Boolean).join(', '),
    sideOutputs: policy.action === 'deadLetter' ? [...step.sideOutputs, FAILED_OUTPUT] : step.sideOutputs,
    create: () => guardedOperator(step.create(), new CallGuard(policy)),
  }
}
