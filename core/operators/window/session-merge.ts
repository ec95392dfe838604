import type { Aggregate } from '../../window/aggregate.js'
import type { OpenWindows } from './open-windows.js'
import type { WindowEntry } from './window-entry.js'

/** Sessions of a key never touch each other, so what touches a new one is a run of neighbours: its first index. */
export function firstTouching(sessions: OpenWindows, start: number): number {
  return sessions.firstWhere((session) => session.end >= start)
}

/** Behind the last session that touches, counted from the first one. */
export function endOfTouching(sessions: OpenWindows, first: number, end: number): number {
  let at = first
  for (let session = sessions.at(at); session !== undefined && session.start <= end; session = sessions.at(at)) at++
  return at
}

/** Merges a later session's window, contents and what was fired into an earlier one. Trigger states and timers are the caller's. */
export function absorbSession(
  target: WindowEntry,
  later: WindowEntry,
  aggregate: Aggregate<unknown, unknown, unknown>,
): void {
  target.end = Math.max(target.end, later.end)
  if (later.fired !== undefined) target.fired = [...(target.fired ?? []), ...later.fired]
  if (later.accumulator === undefined) return
  target.accumulator =
    target.accumulator === undefined ? later.accumulator : aggregate.merge(target.accumulator, later.accumulator)
}
