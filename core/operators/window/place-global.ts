import type { InternalKey } from '../../state/key.js'
import type { Output } from '../operator.js'
import type { KeyedWindows, WindowPlacement } from './keyed-windows.js'

/** Into the key's one window. */
export class GlobalPlacement implements WindowPlacement {
  private readonly windows: KeyedWindows

  constructor(windows: KeyedWindows) {
    this.windows = windows
  }

  place(value: unknown, timestamp: number, key: InternalKey, group: number, output: Output): boolean {
    const { windows } = this
    if (!Number.isNaN(windows.cursor)) return true
    if (output.full) return false
    const entry = windows.store.windowAt(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, group, key)
    return windows.enter(entry, value, timestamp, Number.POSITIVE_INFINITY, output)
  }
}
