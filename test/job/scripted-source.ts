import type { Polled, ReaderContext, Source, Split, SplitReader } from '../../core/connector.js'
import { MalformedRecord } from './malformed-record.js'

interface ScriptSplit extends Split {
  readonly next: number
}

/** Values that a test hands over, one a batch, so that watermarks move with every record. */
export class ScriptedSource implements Source<unknown> {
  readonly kind = 'scripted'
  readonly bounded = true
  private readonly splits: unknown[][]
  private readonly wakes = new Set<() => void>()
  private ended = false

  constructor(splits: readonly (readonly unknown[])[]) {
    this.splits = splits.map((values) => [...values])
  }

  /** Appends values to a split (default: the first). */
  push(values: readonly unknown[], split = 0): void {
    this.splits[split]?.push(...values)
    this.wake()
  }

  /** No value follows. */
  end(): void {
    this.ended = true
    this.wake()
  }

  enumerate() {
    return {
      discover: async (known: ReadonlySet<string>): Promise<readonly ScriptSplit[]> =>
        this.splits.map((_, index) => ({ id: `split-${index}`, next: 0 })).filter(({ id }) => !known.has(id)),
    }
  }

  read(split: Split, context: ReaderContext): SplitReader<unknown> {
    const script = split as ScriptSplit
    const values = this.splits[Number(script.id.slice('split-'.length))] ?? []
    let next = script.next
    const isAtEnd = (): boolean => next >= values.length
    const isEnded = (): boolean => this.ended
    this.wakes.add(context.wake)
    return {
      poll: () => (isAtEnd() ? undefined : polled(values[next], { split: script.id, next: next++, context })),
      position: (): ScriptSplit => ({ id: script.id, next }),
      get finished() {
        return isEnded() && isAtEnd()
      },
      get caughtUp() {
        return isAtEnd()
      },
      close: () => {
        this.wakes.delete(context.wake)
      },
    }
  }

  private wake(): void {
    for (const wake of this.wakes) wake()
  }
}

interface Origin {
  readonly split: string
  readonly next: number
  readonly context: ReaderContext
}

function polled(value: unknown, { split, next, context }: Origin): Polled<unknown> {
  if (!(value instanceof MalformedRecord)) return { values: [value], offsets: [next] }
  const { message, raw } = value
  const { operatorId } = context
  const letter = {
    operatorId,
    split,
    offset: String(next),
    code: 'RECORD_MALFORMED',
    message,
    raw,
    isPart: false,
    arrivedAt: undefined,
    partitionKey: undefined,
    explicitHashKey: undefined,
    rejectedAt: context.environment.clock.now(),
  }
  return { values: [], rejected: [letter] }
}
