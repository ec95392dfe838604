import type { InternalKey } from '../../state/key.js'
import { alignedStart, oldestStart } from '../../window/alignment.js'
import type { SlidingSpec, TumblingSpec } from '../../window/window-spec.js'
import type { Output } from '../operator.js'
import { timestampMissing } from './invalid-input.js'
import type { KeyedWindows, WindowPlacement } from './keyed-windows.js'

/** Into every window aligned to the epoch that holds the row's time. */
export class AlignedPlacement implements WindowPlacement {
  private readonly windows: KeyedWindows
  private readonly sizeMs: number
  private readonly slideMs: number
  private readonly offsetMs: number
  private isTaken = false

  constructor(windows: KeyedWindows, spec: TumblingSpec | SlidingSpec) {
    this.windows = windows
    this.sizeMs = spec.sizeMs
    this.slideMs = spec.kind === 'tumbling' ? spec.sizeMs : spec.slideMs
    this.offsetMs = spec.offsetMs
  }

  place(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    const { windows, sizeMs, slideMs, offsetMs } = this
    if (!Number.isFinite(timestamp)) throw timestampMissing(windows.operatorId, timestamp)
    if (Number.isNaN(windows.cursor)) {
      windows.cursor = oldestStart(timestamp, sizeMs, slideMs, offsetMs)
      this.isTaken = false
    }
    const lateBefore = windows.lateBefore(group)
    const newest = alignedStart(timestamp, slideMs, offsetMs)
    while (windows.cursor <= newest) {
      if (output.full) return false
      const start = windows.cursor
      const next = start + slideMs
      if (start + sizeMs - 1 + windows.latenessMs > lateBefore) {
        this.isTaken = true
        const entry = windows.store.windowAt(start, start + sizeMs, group, key)
        if (!windows.enter(entry, value, timestamp, next, output)) return false
      }
      windows.cursor = next
    }
    return this.isTaken || windows.drop(value, timestamp, lateBefore, output)
  }
}
