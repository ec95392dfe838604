import type { InternalKey } from '../../state/key.js'
import type { Output } from '../operator.js'
import { timestampMissing } from './invalid-input.js'
import type { KeyedWindows, WindowPlacement } from './keyed-windows.js'
import type { OpenWindows } from './open-windows.js'
import type { WaitingRecords } from './waiting-records.js'
import { WindowEntry } from './window-entry.js'

/**
 * Into the key's open window, or into one that the row opens: [timestamp, timestamp + length).
 *
 * 1. A window opens when the watermark reaches its first record. Records ahead of the watermark that no open window holds
 *    wait for that, so results do not depend on the order in which they came.
 * 2. So a row that is older than the open window is behind the watermark. Within the allowed lateness it enters the window
 *    that opens within a length after it, or opens one of its own; else it is late.
 */
export class StaggerPlacement implements WindowPlacement {
  private readonly windows: KeyedWindows
  private readonly lengthMs: number
  /** Undefined in processing time: nothing is ahead of the clock. */
  private readonly waiting: WaitingRecords | undefined

  constructor(windows: KeyedWindows, lengthMs: number, waiting: WaitingRecords | undefined) {
    this.windows = windows
    this.lengthMs = lengthMs
    this.waiting = waiting
  }

  place(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    const { windows, waiting } = this
    if (!Number.isFinite(timestamp)) throw timestampMissing(windows.operatorId, timestamp)
    if (!Number.isNaN(windows.cursor)) return true
    if (output.full) return false
    const end = timestamp + this.lengthMs
    const entries = windows.store.windowsOf(group, key)
    const behind = entries === undefined ? 0 : startingAfter(entries, timestamp)
    const holding = entries?.at(behind - 1)
    if (holding !== undefined && timestamp < holding.end) return windows.enter(holding, value, timestamp, end, output)
    const lateBefore = windows.lateBefore(group)
    // One whose turn has come sees the time before it.
    if (waiting !== undefined && Number.isNaN(windows.turn) && timestamp > lateBefore) {
      waiting.add(value, timestamp, key, group)
      return true
    }
    if (timestamp + windows.latenessMs <= lateBefore) return windows.drop(value, timestamp, lateBefore, output)
    const next = entries?.at(behind)
    if (next !== undefined && next.start < end) return windows.enter(next, value, timestamp, end, output)
    const entry = windows.store.insert(new WindowEntry(timestamp, end, key, group), behind)
    return windows.enter(entry, value, timestamp, end, output)
  }
}

/** Windows of a key do not overlap and lie in order: the index of the first that starts after `timestamp`. */
export function startingAfter(entries: OpenWindows, timestamp: number): number {
  return entries.firstWhere(({ start }) => start > timestamp)
}
