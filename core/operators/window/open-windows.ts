import type { WindowEntry } from './window-entry.js'

/**
 * The windows of a key in the order of their start, no two with the same one. Mostly they open at the end and close at the
 * front: neither moves the others, so that a key may have thousands open.
 */
export class OpenWindows {
  /** The first `gone` of them have been closed. */
  private entries: (WindowEntry | undefined)[]
  private gone = 0

  constructor(entries: readonly WindowEntry[]) {
    this.entries = [...entries]
  }

  get length(): number {
    return this.entries.length - this.gone
  }

  /** Undefined in front of the first and behind the last. */
  at(index: number): WindowEntry | undefined {
    return index < 0 ? undefined : this.entries[this.gone + index]
  }

  insert(entry: WindowEntry, at: number): void {
    const { entries } = this
    if (at === this.length) entries.push(entry)
    else entries.splice(this.gone + at, 0, entry)
  }

  remove(entry: WindowEntry): void {
    const at = this.firstWhere(({ start }) => start >= entry.start)
    if (this.at(at) !== entry) return
    if (at > 0) this.take(at, 1)
    else {
      this.entries[this.gone++] = undefined
      // Each is moved once for each that has been closed.
      if (this.gone * 2 > this.entries.length) {
        this.entries = this.entries.slice(this.gone)
        this.gone = 0
      }
    }
  }

  /** Removes so many, from there on. */
  take(at: number, count: number): WindowEntry[] {
    return this.entries.splice(this.gone + at, count) as WindowEntry[]
  }

  /** The index of the first that fits, as all behind it do: `length` when none does. Most rows belong to the newest. */
  firstWhere(fits: (entry: WindowEntry) => boolean): number {
    const { entries } = this
    let [from, to] = [this.gone, entries.length]
    for (let step = 1; from < to; step *= 2) {
      const probe = Math.max(from, to - step)
      if (!fits(entries[probe] as WindowEntry)) {
        from = probe + 1
        break
      }
      to = probe
    }
    while (from < to) {
      const middle = (from + to) >>> 1
      if (fits(entries[middle] as WindowEntry)) to = middle
      else from = middle + 1
    }
    return from - this.gone
  }

  *[Symbol.iterator](): IterableIterator<WindowEntry> {
    for (let at = this.gone; at < this.entries.length; at++) yield this.entries[at] as WindowEntry
  }
}
