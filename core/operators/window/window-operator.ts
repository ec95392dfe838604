import { TidemarkError } from '../../errors.js'
import type { Window } from '../../window/time-window.js'
import type { Operator } from '../operator.js'
import type { WindowOperatorSpec } from './spec.js'

/** The side output of records that came too late for any window. */
export const LATE_OUTPUT = 'late'

/**
 * An operator for one subtask. Batches must carry keys and groups. Results are stamped with the window's last
 * millisecond.
 *
 * @throws TidemarkError WINDOW_INVALID when the parts do not fit together.
 */
export function windowOperator<T, W extends Window, A, R, Row>(
  spec: WindowOperatorSpec<T, W, A, R, Row>,
): Operator<T, Row> {
  throw new TidemarkError({ code: 'UNREACHABLE', domain: 'internal', message: spec.assigner.kind })
}
