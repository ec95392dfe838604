import type { Committer, CommitterContext, DeadLetter, Sink, SinkWriter, WriterContext } from '../../core/connector.js'
import type { Batch } from '../../core/element.js'
import type { OnRejected } from './options.js'
import { RejectedRows } from './rejected-rows.js'

/** Gives up a row: throws `problem` where the job is to fail. */
export type Reject = (letter: DeadLetter, problem: Error) => void

/** A sink that finds rows which can never be written. */
export interface RejectingSink<in T> extends Omit<Sink<T>, 'write'> {
  /** @param reject may be called at any time up to the end of `prepareCommit`, also from within `write` */
  write(context: WriterContext, reject: Reject): SinkWriter<T> | Promise<SinkWriter<T>>
}

/**
 * The sink with a way out for what it cannot write. Dead letters are part of the checkpoint that the rows around them
 * belong to: what their sink prepares, keeps and commits is carried beside the other's, marked.
 */
export function withDeadLetters<T>(sink: RejectingSink<T>, onRejected: OnRejected): Sink<T> {
  if (onRejected === 'fail') {
    const failing: Reject = (_, problem) => {
      throw problem
    }
    return { ...sink, write: (context) => sink.write(context, failing) }
  }
  if (onRejected === 'skip') {
    // The sink itself counts what it rejects.
    return { ...sink, write: (context) => sink.write(context, () => undefined) }
  }
  const { deadLetters } = onRejected
  return {
    ...sink,
    describe: () => [sink.describe?.(), `rejected rows to ${deadLetters.kind}`].filter(Boolean).join(', '),
    async write(context) {
      const { restored } = context
      const rejected = await RejectedRows.open(deadLetters, {
        ...lettersContext(context),
        restored: restored.flatMap(ofLetters),
      })
      try {
        const rows = await sink.write(
          { ...context, restored: restored.filter((state) => ofLetters(state).length === 0) },
          (letter) => rejected.add(letter),
        )
        return new WriterWithDeadLetters(rows, rejected)
      } catch (thrown) {
        await rejected.close()
        throw thrown
      }
    },
    ...((sink.committer || deadLetters.committer) && {
      committer: async (context: CommitterContext) =>
        new CommitterWithDeadLetters(
          await sink.committer?.(context),
          await deadLetters.committer?.(lettersContext(context)),
        ),
    }),
  }
}

/** No id of a step has a dot: what the two write under their ids never meets. */
function lettersContext<C extends { readonly operatorId: string }>(context: C): C {
  return { ...context, operatorId: `${context.operatorId}.rejected` }
}

/** How committables and state of the dead letters' sink are told from the rows' sink's own, which go unmarked. */
interface OfLetters {
  readonly ofDeadLetters: unknown
}

function marked(ofDeadLetters: unknown): OfLetters {
  return { ofDeadLetters }
}

function ofLetters(stored: unknown): readonly unknown[] {
  const isMarked = typeof stored === 'object' && stored !== null && 'ofDeadLetters' in stored
  return isMarked ? [stored.ofDeadLetters] : []
}

class WriterWithDeadLetters<T> implements SinkWriter<T> {
  readonly #rows: SinkWriter<T>
  readonly #rejected: RejectedRows

  constructor(rows: SinkWriter<T>, rejected: RejectedRows) {
    this.#rows = rows
    this.#rejected = rejected
  }

  write(batch: Batch<T>, from: number): number {
    // Letters that found no room hold up the rows behind them: there are never more than one call can leave.
    if (!this.#rejected.offer()) return from
    const next = this.#rows.write(batch, from)
    this.#rejected.offer()
    return next
  }

  check(): void {
    this.#rows.check?.()
    this.#rejected.check()
  }

  onWatermark(watermark: number): void {
    this.#rows.onWatermark?.(watermark)
    this.#rejected.onWatermark(watermark)
  }

  async prepareCommit(checkpointId: number): Promise<readonly unknown[]> {
    // Its last rows may be rejected only now.
    const rows = await this.#rows.prepareCommit(checkpointId)
    const letters = await this.#rejected.prepareCommit(checkpointId)
    return [...rows, ...letters.map(marked)]
  }

  snapshot(): readonly unknown[] {
    return [...(this.#rows.snapshot?.() ?? []), ...this.#rejected.snapshot().map(marked)]
  }

  async close(): Promise<void> {
    try {
      await this.#rows.close()
    } finally {
      await this.#rejected.close()
    }
  }
}

class CommitterWithDeadLetters implements Committer {
  readonly #rows: Committer | undefined
  readonly #letters: Committer | undefined

  constructor(rows: Committer | undefined, letters: Committer | undefined) {
    this.#rows = rows
    this.#letters = letters
  }

  async commit(committables: readonly unknown[]): Promise<void> {
    await this.#rows?.commit(committables.filter((committable) => ofLetters(committable).length === 0))
    await this.#letters?.commit(committables.flatMap(ofLetters))
  }

  async sweep(): Promise<void> {
    await this.#rows?.sweep?.()
    await this.#letters?.sweep?.()
  }

  async committedAfter(point: Parameters<NonNullable<Committer['committedAfter']>>[0]): Promise<string | undefined> {
    return (await this.#rows?.committedAfter?.(point)) ?? (await this.#letters?.committedAfter?.(point))
  }

  async close(): Promise<void> {
    try {
      await this.#rows?.close?.()
    } finally {
      await this.#letters?.close?.()
    }
  }
}
