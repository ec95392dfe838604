import type { TimeWindow } from '../../window/time-window.js'
import type { WindowEntry } from './window-entry.js'

export const NOTHING_REPLACED: readonly TimeWindow[] = Object.freeze([])

/** The windows of the results of which this firing has everything. From now on it is the session's only one. */
export function replacedBy(window: TimeWindow, entry: WindowEntry): readonly TimeWindow[] {
  const { fired } = entry
  entry.fired = [window]
  if (fired === undefined) return NOTHING_REPLACED
  return fired.filter(({ start, end }) => start !== window.start || end !== window.end)
}
