import type { Source, Split } from 'tidemark'

interface ListSplit extends Split {
  readonly index: number
  readonly next: number
}

/** Pauses several sources together when they have read so many values. */
export class Gate {
  private read = 0
  private limit: number
  private readonly onReached: () => void
  private readonly waiting: (() => void)[] = []

  constructor(limit = Number.POSITIVE_INFINITY, onReached: () => void = () => {}) {
    this.limit = limit
    this.onReached = onReached
  }

  get isClosed(): boolean {
    return this.read >= this.limit
  }

  /** From now on without a limit; the sources notice at their next turn. */
  open(): void {
    this.limit = Number.POSITIVE_INFINITY
    for (const wake of this.waiting.splice(0)) wake()
  }

  /** Told when the gate opens. */
  wait(wake: () => void): void {
    this.waiting.push(wake)
  }

  note(values: number): void {
    const wasClosed = this.isClosed
    this.read += values
    if (!wasClosed && this.isClosed) this.onReached()
  }
}

export interface Pace {
  /** Values that one poll takes at most. */
  readonly batch: number
  /** Between two polls of a split that give any. Default: none. */
  readonly pauseMs?: number
}

/** Lists as splits, a few values at a time. */
export function pausedSource<T>(
  splits: readonly (readonly T[])[],
  gate: Gate,
  { batch, pauseMs = 0 }: Pace,
): Source<T> {
  return {
    kind: 'lists',
    bounded: true,
    enumerate: () => ({
      async discover(known) {
        const all = splits.map((_, index): ListSplit => ({ id: `list-${index}`, index, next: 0 }))
        return all.filter(({ id }) => !known.has(id))
      },
    }),
    read(split, context) {
      const { index, next: first } = split as ListSplit
      const values = splits[index] ?? []
      let next = first
      let pausing = false
      gate.wait(() => context.wake())
      const isAtEnd = (): boolean => !gate.isClosed && next >= values.length
      return {
        poll(maxRecords) {
          if (gate.isClosed || pausing || next >= values.length) return undefined
          const taken = values.slice(next, next + Math.min(maxRecords, batch))
          next += taken.length
          gate.note(taken.length)
          if (pauseMs > 0) {
            pausing = true
            setTimeout(() => {
              pausing = false
              context.wake()
            }, pauseMs)
          }
          return { values: taken }
        },
        position: (): ListSplit => ({ id: `list-${index}`, index, next }),
        get finished() {
          return isAtEnd()
        },
        get caughtUp() {
          return isAtEnd()
        },
        close: () => undefined,
      }
    },
  }
}
