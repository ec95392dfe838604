import { expect, test } from 'vitest'
import { TidemarkError } from '../../../../core/errors.js'
import { CallGuard, GIVEN_UP } from '../../../../core/operators/guard/call-guard.js'
import type { ErrorPolicy } from '../../../../core/operators/guard/error-policy.js'
import type { OperatorContext } from '../../../../core/operators/operator.js'
import { HarnessMetrics } from '../../../harness/metrics.js'

/** A guard whose clock moves only when a call takes its time. */
function guardOf(policy: ErrorPolicy) {
  const clock = { time: 0, now: () => clock.time, monotonic: () => clock.time }
  const metrics = new HarnessMetrics()
  const guard = new CallGuard(policy)
  guard.open({ operatorId: 'step', environment: { clock }, metrics, portOf: () => -1 } as unknown as OperatorContext)
  return { guard, clock, metrics }
}

const failure = () => new TidemarkError({ code: 'USER_FUNCTION_FAILED', domain: 'user', message: 'no' })
const subject = () => ({ value: 1, timestamp: 1 })

test('no attempt begins later than maxAge after the first one, however many are left', () => {
  const { guard, clock, metrics } = guardOf({ action: 'skip', attempts: 10, maxAgeMs: 25 })
  const begun: number[] = []
  const result = guard.attempt(() => {
    begun.push(clock.time)
    clock.time += 10
    throw failure()
  }, subject)
  expect(result).toBe(GIVEN_UP)
  expect(begun).toEqual([0, 10, 20])
  expect(metrics.valueOf('retriedCalls')).toBe(2)
  expect(metrics.valueOf('skippedRecords')).toBe(1)
})

test('a call within a call is given up alone: the outer one goes on and keeps its rows', () => {
  const { guard } = guardOf({ action: 'skip', attempts: 1, maxAgeMs: Number.POSITIVE_INFINITY })
  const rows: unknown[] = []
  guard.output = {
    full: false,
    origin: undefined,
    emit: (value) => rows.push(value),
    emitTo: () => undefined,
    emitBatch: () => undefined,
  }
  guard.run(() => {
    guard.captured.emit('before', 1)
    guard.attempt(() => {
      guard.captured.emit('within', 1)
      throw failure()
    }, subject)
    guard.captured.emit('behind', 1)
  }, subject)
  expect(rows).toEqual(['before', 'behind'])
})
