import type { Source, Split } from 'tidemark'

interface ListSplit extends Split {
  readonly index: number
  readonly next: number
}

/** Lists that grow while a job reads them, as splits. */
export class BurstSource<T> {
  readonly splits: T[][]
  private readonly wakes = new Set<() => void>()
  private isEnded = false

  constructor(count: number) {
    this.splits = Array.from({ length: count }, () => [])
  }

  push(split: number, values: readonly T[]): void {
    this.splits[split]?.push(...values)
    this.wake()
  }

  /** Nothing follows. */
  end(): void {
    this.isEnded = true
    this.wake()
  }

  get source(): Source<T> {
    return {
      kind: 'bursts',
      bounded: true,
      enumerate: () => ({
        discover: async (known) =>
          this.splits
            .map((_, index): ListSplit => ({ id: `list-${index}`, index, next: 0 }))
            .filter(({ id }) => !known.has(id)),
      }),
      read: (split, context) => {
        const { index, next: first } = split as ListSplit
        const values = this.splits[index] as T[]
        let next = first
        this.wakes.add(context.wake)
        const isEnded = (): boolean => this.isEnded && next >= values.length
        return {
          poll(maxRecords) {
            const taken = values.slice(next, next + Math.min(maxRecords, 7))
            next += taken.length
            return taken.length === 0 ? undefined : { values: taken }
          },
          position: (): ListSplit => ({ id: `list-${index}`, index, next }),
          get finished() {
            return isEnded()
          },
          get caughtUp() {
            return next >= values.length
          },
          close: () => void this.wakes.delete(context.wake),
        }
      },
    }
  }

  private wake(): void {
    for (const wake of this.wakes) wake()
  }
}
