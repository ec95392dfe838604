import type { InternalKey } from '../../state/key.js'
import type { SessionSpec } from '../../window/window-spec.js'
import type { Output } from '../operator.js'
import { timestampMissing } from './invalid-input.js'
import type { KeyedWindows, WindowPlacement } from './keyed-windows.js'
import { startingAfter } from './place-stagger.js'
import type { WaitingRecords } from './waiting-records.js'
import { WindowEntry } from './window-entry.js'

/**
 * Into the key's open session, which becomes longer up to its maximum, or into one that the row opens.
 *
 * 1. Where a session is cut depends on where it began: it begins when the watermark reaches its first record. Records ahead
 *    of the watermark that no open session holds wait for that, so results do not depend on the order in which they came.
 * 2. A session that is over keeps its bounds, so those of a key never overlap. A row behind the watermark that no session
 *    holds is late or, within the allowed lateness, enters the one that it reaches, or opens one of its own.
 */
export class CutSessionPlacement implements WindowPlacement {
  private readonly windows: KeyedWindows
  private readonly spec: SessionSpec
  /** Undefined in processing time: nothing is ahead of the clock. */
  private readonly waiting: WaitingRecords | undefined

  constructor(windows: KeyedWindows, spec: SessionSpec, waiting: WaitingRecords | undefined) {
    this.windows = windows
    this.spec = spec
    this.waiting = waiting
  }

  place(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    const { windows, waiting, spec } = this
    if (!Number.isFinite(timestamp)) throw timestampMissing(windows.operatorId, timestamp)
    if (!Number.isNaN(windows.cursor)) return true
    if (output.full) return false
    const end = timestamp + Math.min(spec.gapOf(value), spec.maxLengthMs)
    const lateBefore = windows.lateBefore(group)
    const entries = windows.store.windowsOf(group, key)
    const behind = entries === undefined ? 0 : startingAfter(entries, timestamp)
    const holding = entries?.at(behind - 1)
    if (entries !== undefined && holding !== undefined && timestamp < holding.end) {
      const reach = Math.min(end, holding.start + spec.maxLengthMs)
      if (reach > holding.end && holding.end - 1 > lateBefore) {
        windows.growSession(entries, behind - 1, behind, { start: holding.start, end: reach })
      }
      return windows.enter(holding, value, timestamp, end, output)
    }
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
