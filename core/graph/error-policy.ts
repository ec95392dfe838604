import { CallGuard, FAILED_OUTPUT } from '../operators/guard/call-guard.js'
import { describePolicy, errorPolicyOf } from '../operators/guard/error-policy.js'
import { type CallBoundary, guardedOperator } from '../operators/guard/guarded-operator.js'
import type { OperatorStep } from './graph-builder.js'
import { graphError } from './graph-error.js'

/** Steps that call a function of their user, and who draws the line around a call. */
const GUARDED: ReadonlyMap<string, CallBoundary> = new Map([
  ['map', 'record'],
  ['filter', 'record'],
  ['flatMap', 'record'],
  ['process', 'record'],
  ['reduce', 'record'],
  ['split', 'record'],
  ['temporalJoin', 'record'],
  ['keyBy', 'operator'],
  ['mapAsync', 'operator'],
  ['intervalJoin', 'operator'],
  ['join', 'operator'],
  ['coGroup', 'operator'],
  ['window', 'operator'],
])

/**
 * The step as its `onError` asks for: with a guard around its operator, and the side output of dead letters.
 * @throws TidemarkError OPTION_INVALID, GRAPH_STEP_INVALID
 */
export function withErrorPolicy(step: OperatorStep): OperatorStep {
  const where = step.id === undefined ? step.step : `${step.step} '${step.id}'`
  const policy = errorPolicyOf(where, step.onError)
  if (policy === undefined) return step
  const boundary = step.boundary ?? GUARDED.get(step.step)
  if (boundary === undefined) {
    throw graphError(
      'GRAPH_STEP_INVALID',
      `${where}: this step has no onError (${[...GUARDED.keys()].join(', ')} have); check the records in one of those before it`,
      step.id,
    )
  }
  return {
    ...step,
    details: [step.details, describePolicy(policy)].filter(Boolean).join(', '),
    sideOutputs: policy.action === 'deadLetter' ? [...step.sideOutputs, FAILED_OUTPUT] : step.sideOutputs,
    create: () => guardedOperator(step.create(), { guard: new CallGuard(policy), boundary }),
  }
}
