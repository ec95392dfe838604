import type { Aggregate } from '../../window/aggregate.js'
import type { WindowEntry } from './window-entry.js'

/** Sessions of a key never touch each other, so what touches a new one is a run of neighbours: its first index. */
export function firstTouching(sessions: readonly WindowEntry[], start: number): number {
  let at = sessions.length
  while (at > 0 && (sessions[at - 1] as WindowEntry).end >= start) at--
  return at
}

/** Behind the last session that touches, counted from the first one. */
export function endOfTouching(sessions: readonly WindowEntry[], first: number, end: number): number {
  let at = first
  while (at < sessions.length && (sessions[at] as WindowEntry).start <= end) at++
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
