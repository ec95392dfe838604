import { Batch } from '../../element.js'
import type { Origin } from '../../origin.js'
import type { Window } from '../../window/time-window.js'
import { type CallGuard, GIVEN_UP } from '../guard/call-guard.js'
import type { Operator, OperatorContext } from '../operator.js'
import { rowFailed, timestampMissing } from './invalid-input.js'
import type { WindowOperatorSpec } from './spec.js'
import { windowOperator } from './window-operator.js'

/** The record that is being added, for whoever finds that it cannot be. Empty for one that had waited for its turn. */
export class RowInHand {
  guard: CallGuard | undefined
  origin: Origin | undefined
  position: number | undefined
}

/**
 * Windows of a step with an error policy. Each record is looked at before anything of it is added to any window: its gap is
 * asked for, and it is added to an accumulator of its own. What fails at that is given up, and no window has seen it.
 * (What a firing calls is guarded where it is called.)
 */
export function admittingWindows<T, W extends Window, A, R, Row>(
  spec: WindowOperatorSpec<T, W, A, R, Row>,
  rowInHand: RowInHand = new RowInHand(),
): Operator<T, Row> {
  const inner = windowOperator(spec)
  // Values pass through unseen, from the spec's functions to the spec's functions.
  const look = probeOf(spec as unknown as WindowOperatorSpec)
  let context: OperatorContext
  let isAdmitted = false
  return {
    open(given) {
      context = given
      rowInHand.guard = given.guard
      return inner.open?.(given)
    },
    process(batch, from, output, input) {
      const { values, timestamps, keys, groups, origin, length } = batch
      try {
        for (let row = from; row < length; row++) {
          const timestamp = timestamps[row]!
          if (!isAdmitted) {
            if (output.full) return row
            const probe = (): void => look(values[row], timestamp, context.operatorId, batch, row)
            const subject = () => ({ value: values[row], timestamp, origin, position: row })
            if (context.guard?.attempt(probe, subject) === GIVEN_UP) continue
            isAdmitted = true
          }
          rowInHand.origin = origin
          rowInHand.position = row
          const one = new Batch<T>(
            [values[row] as T],
            [timestamp],
            keys && [keys[row]!],
            groups && [groups[row]!],
            origin?.from(row),
          )
          if (inner.process(one, 0, output, input) === 0) return row
          isAdmitted = false
        }
        return length
      } finally {
        rowInHand.origin = undefined
        rowInHand.position = undefined
      }
    },
    ...(inner.onRestored && { onRestored: () => inner.onRestored?.() }),
    onWatermark: (watermark, output) => inner.onWatermark?.(watermark, output) ?? true,
    ...(inner.onProcessingTime && {
      onProcessingTime: (now, output) => inner.onProcessingTime?.(now, output) ?? true,
    }),
    close: () => inner.close?.(),
  }
}

type Look = (value: unknown, timestamp: number, operatorId: string, batch: Batch, position: number) => void

function probeOf({ assigner: { spec }, contents }: WindowOperatorSpec): Look {
  const isOfEventTime = 'time' in spec && spec.time === 'event'
  const aggregate = contents.kind === 'aggregate' || contents.kind === 'summary' ? contents.aggregate : undefined
  return (value, timestamp, operatorId, batch, position) => {
    try {
      if (isOfEventTime && !Number.isFinite(timestamp)) throw timestampMissing(operatorId, timestamp)
      if (spec.kind === 'session') spec.gapOf(value)
      aggregate?.add(aggregate.create(), value, timestamp)
    } catch (thrown) {
      throw rowFailed(thrown, operatorId, { batch, position })
    }
  }
}
