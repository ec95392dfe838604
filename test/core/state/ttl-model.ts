/*
 * What states with a time to live hold, in plain code: everything that was ever written and not taken back, with the time
 * of its last access. What is seen is chosen when it is asked for.
 */

export const TTL_MS = 100

interface Aged {
  at: number
  value: number
}

/** `value/3`, `map/3/1`: one entry each; a list has several under one name. */
export class TtlModel {
  private readonly isRenewedByReads: boolean
  private readonly entries: Map<string, Aged[]>

  constructor(isRenewedByReads: boolean, entries: ReadonlyMap<string, readonly Aged[]> = new Map()) {
    this.isRenewedByReads = isRenewedByReads
    this.entries = new Map([...entries].map(([name, aged]) => [name, aged.map((each) => ({ ...each }))]))
  }

  copy(): TtlModel {
    return new TtlModel(this.isRenewedByReads, this.entries)
  }

  /** Without being noticed. */
  seen(name: string, now: number): readonly number[] {
    return this.live(name, now).map(({ value }) => value)
  }

  read(name: string, now: number): readonly number[] {
    const live = this.live(name, now)
    if (this.isRenewedByReads) for (const each of live) each.at = now
    return live.map(({ value }) => value)
  }

  write(name: string, values: readonly number[], now: number): void {
    this.entries.set(
      name,
      values.map((value) => ({ at: now, value })),
    )
  }

  append(name: string, value: number, now: number): void {
    this.entries.set(name, [...(this.entries.get(name) ?? []), { at: now, value }])
  }

  delete(name: string): void {
    this.entries.delete(name)
  }

  /** Values that are seen, of all names. */
  liveCount(now: number): number {
    let count = 0
    for (const name of this.entries.keys()) if (this.live(name, now).length > 0) count++
    return count
  }

  private live(name: string, now: number): Aged[] {
    return (this.entries.get(name) ?? []).filter(({ at }) => !(at + TTL_MS <= now))
  }
}
