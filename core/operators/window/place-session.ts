import type { InternalKey } from '../../state/key.js'
import type { Output } from '../operator.js'
import { timestampMissing } from './invalid-input.js'
import type { KeyedWindows, WindowPlacement } from './keyed-windows.js'
import { endOfTouching, firstTouching } from './session-merge.js'
import { WindowEntry } from './window-entry.js'

/** Into the session that the row's own window [timestamp, timestamp + gap) touches, or makes of those that it touches. */
export class SessionPlacement implements WindowPlacement {
  private readonly windows: KeyedWindows
  private readonly gapOf: (value: unknown) => number

  constructor(windows: KeyedWindows, gapOf: (value: unknown) => number) {
    this.windows = windows
    this.gapOf = gapOf
  }

  place(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    const { windows } = this
    if (!Number.isFinite(timestamp)) throw timestampMissing(windows.operatorId, timestamp)
    if (!Number.isNaN(windows.cursor)) return true
    if (output.full) return false
    const end = timestamp + this.gapOf(value)
    const sessions = windows.store.windowsOf(group, key)
    const first = sessions === undefined ? 0 : firstTouching(sessions, timestamp)
    const behind = sessions === undefined ? 0 : endOfTouching(sessions, first, end)
    if (sessions === undefined || first === behind) {
      const lateBefore = windows.lateBefore(group)
      if (end - 1 + windows.latenessMs <= lateBefore) return windows.drop(value, timestamp, lateBefore, output)
      const entry = windows.store.insert(new WindowEntry(timestamp, end, key, group), first)
      return windows.enter(entry, value, timestamp, end, output)
    }
    const entry = sessions.at(first) as WindowEntry
    if (behind - first > 1 || timestamp < entry.start || end > entry.end) {
      windows.growSession(sessions, first, behind, { start: timestamp, end })
    }
    return windows.enter(entry, value, timestamp, end, output)
  }
}
