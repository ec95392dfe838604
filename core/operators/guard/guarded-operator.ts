import { Batch } from '../../element.js'
import type { Operator, OperatorContext, Output } from '../operator.js'
import type { CallGuard, Subject } from './call-guard.js'

/**
 * Who draws the line around a call that may fail. `record`: the guard, around each record. `operator`: the operator itself,
 * where a record is not one call (a join meets many others with it, a result comes later).
 */
export type CallBoundary = 'record' | 'operator'

interface Guarding {
  readonly guard: CallGuard
  readonly boundary: CallBoundary
}

/**
 * The operator with an error policy, so that a call which fails holds up nothing else. What is not for one record
 * (`onTimer`), the operator asks of the guard that its context carries.
 */
export function guardedOperator<In, Out>(inner: Operator<In, Out>, { guard, boundary }: Guarding): Operator<In, Out> {
  /** What the guard emits in a call of the operator goes where its rows go. */
  const writing = <R>(output: Output<Out>, call: () => R): R => {
    guard.output = output as Output
    try {
      return call()
    } finally {
      guard.output = undefined
    }
  }
  return {
    open(context) {
      guard.open(context)
      return inner.open?.(journaled(context, guard))
    },
    process:
      boundary === 'record'
        ? recordByRecord(inner, guard)
        : (batch, from, output, input) => writing(output, () => inner.process(batch, from, output, input)),
    // The engine asks which of them there are.
    ...(inner.onRestored && { onRestored: () => inner.onRestored?.() }),
    ...(inner.onWatermark && {
      onWatermark: (watermark: number, output: Output<Out>) =>
        writing(output, () => inner.onWatermark?.(watermark, output) ?? true),
    }),
    ...(inner.onProcessingTime && {
      onProcessingTime: (now: number, output: Output<Out>) =>
        writing(output, () => inner.onProcessingTime?.(now, output) ?? true),
    }),
    ...(inner.hold && { hold: (element: Parameters<NonNullable<Operator['hold']>>[0]) => inner.hold?.(element) }),
    ...(inner.onWake && {
      onWake: (output: Output<Out>) => writing(output, () => inner.onWake?.(output) ?? true),
    }),
    ...(inner.onEnd && { onEnd: (output: Output<Out>) => writing(output, () => inner.onEnd?.(output) ?? true) }),
    ...(inner.beforeSnapshot && {
      beforeSnapshot: (barrier: Parameters<NonNullable<Operator['beforeSnapshot']>>[0]) =>
        inner.beforeSnapshot?.(barrier),
    }),
    ...(inner.snapshotOperatorState && {
      snapshotOperatorState: (barrier: Parameters<NonNullable<Operator['snapshotOperatorState']>>[0]) =>
        inner.snapshotOperatorState?.(barrier) ?? [],
    }),
    close: () => inner.close?.(),
  }
}

/** Keyed state is opened only when the operator asks for it, and then notes what it changes. */
function journaled(context: OperatorContext, guard: CallGuard): OperatorContext {
  return Object.create(context, {
    guard: { value: guard },
    keyedState: {
      get() {
        const { keyedState } = context
        keyedState.noteChangesIn(guard.journal)
        return keyedState
      },
    },
  }) as OperatorContext
}

function recordByRecord<In, Out>(inner: Operator<In, Out>, guard: CallGuard): Operator<In, Out>['process'] {
  // Of the record in hand: one pair of functions serves all.
  let batch: Batch<In>
  let row = 0
  let input = 0
  const call = (): void => {
    const { values, timestamps, keys, groups, origin } = batch
    const one = new Batch(
      [values[row] as In],
      [timestamps[row]!],
      keys && [keys[row]!],
      groups && [groups[row]!],
      origin?.from(row),
    )
    // The captured output is never full: all of it is worked off.
    inner.process(one, 0, guard.captured as Output<Out>, input)
  }
  const subject = (): Subject => ({
    value: batch.values[row],
    timestamp: batch.timestamps[row]!,
    origin: batch.origin,
    position: row,
  })
  return (from, first, output, ofInput) => {
    batch = from
    input = ofInput
    guard.output = output as Output
    output.origin = batch.origin?.scattered()
    try {
      for (row = first; row < batch.length; row++) {
        if (output.full) return row
        guard.run(call, subject)
      }
      return batch.length
    } finally {
      guard.output = undefined
      output.origin = undefined
    }
  }
}
