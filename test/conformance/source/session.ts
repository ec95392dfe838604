import type { DeadLetter, Source, Split, SplitReader } from '../../../core/connector.js'
import type { Offset } from '../../../core/origin.js'
import { engineContext } from '../contexts.js'
import type { Patience } from '../patience.js'

/** Looks at a reader at its tip that bring nothing before it counts as read. */
const QUIET_LOOKS = 3

/** What was read of a split. */
export interface Reading<T> {
  readonly values: readonly T[]
  readonly offsets: readonly Offset[]
  readonly timestamps: readonly number[]
  readonly rejected: readonly DeadLetter[]
  readonly skipped: number
}

/**
 * A reader, polled whether it wakes or not: one check asks for waking, and the others have to work with a reader that does not.
 */
export class ReaderSession<T> implements Reading<T> {
  readonly reader: SplitReader<T>
  readonly values: T[] = []
  readonly offsets: Offset[] = []
  readonly timestamps: number[] = []
  readonly rejected: DeadLetter[] = []
  skipped = 0
  readonly #patience: Patience
  readonly #bell: { wakes: number }

  private constructor(reader: SplitReader<T>, bell: { wakes: number }, patience: Patience) {
    this.reader = reader
    this.#bell = bell
    this.#patience = patience
  }

  static async open<T>(source: Source<T>, split: Split, patience: Patience): Promise<ReaderSession<T>> {
    const bell = { wakes: 0 }
    const wake = (): void => {
      bell.wakes++
    }
    const reader = await source.read(split, { ...engineContext(patience.environment), wake })
    return new ReaderSession(reader, bell, patience)
  }

  get wakes(): number {
    return this.#bell.wakes
  }

  /** Values, dead letters and dropped records. */
  get taken(): number {
    return this.values.length + this.rejected.length + this.skipped
  }

  /** Whether it gave something. */
  poll(maxRecords = 100): boolean {
    const polled = this.reader.poll(maxRecords)
    if (polled === undefined) return false
    const { values, offsets = [], timestamps = [], rejected = [], skipped = 0 } = polled
    this.values.push(...values)
    this.offsets.push(...offsets)
    this.timestamps.push(...timestamps)
    this.rejected.push(...rejected)
    this.skipped += skipped
    return values.length + rejected.length + skipped > 0
  }

  /** Polls as long as something comes. */
  drain(maxRecords = 100): void {
    let hasSome = true
    while (hasSome) hasSome = this.poll(maxRecords)
  }

  /** Polls until something came. False: the split has ended, is at its tip, or patience ended. */
  async pollOne(): Promise<boolean> {
    let [hasSome, quiet] = [false, 0]
    await this.#patience.until(() => {
      hasSome = this.poll(1)
      // While it asks whether there is more it is not caught up, from time to time.
      if (this.reader.caughtUp) quiet++
      return hasSome || this.reader.finished || quiet > QUIET_LOOKS
    })
    return hasSome
  }

  /** Reads until the split has ended, or nothing more comes. */
  async toEnd(maxRecords = 100): Promise<this> {
    let quiet = 0
    await this.#patience.until(
      () => {
        const before = this.taken
        this.drain(maxRecords)
        if (this.taken > before) quiet = 0
        else if (this.reader.caughtUp) quiet++
        return this.reader.finished || quiet > QUIET_LOOKS
      },
      () => this.taken,
    )
    return this
  }
}
