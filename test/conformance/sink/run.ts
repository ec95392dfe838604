import type { Committer, Sink, SinkWriter } from '../../../core/connector.js'
import { Batch, MAX_WATERMARK } from '../../../core/element.js'
import { evenShare } from '../../../core/state/operator-state.js'
import { engineContext } from '../contexts.js'
import type { Patience } from '../patience.js'
import { stored } from '../stored.js'

/** What a checkpoint has of a sink. */
export interface SinkCheckpoint {
  readonly committables: readonly unknown[]
  readonly states: readonly unknown[]
}

export interface RunOptions {
  readonly generation: number
  /** Default 1. */
  readonly parallelism?: number
  readonly restored?: SinkCheckpoint
  readonly lineage?: string
}

interface OpenWriter<T> {
  readonly writer: SinkWriter<T>
  readonly bell: { wakes: number }
}

const HOUR_MS = 3_600_000
/** Rows lie some milliseconds apart. */
const FIRST_AT = Date.UTC(2026, 0, 1)

/** Rows of some numbers, as they come from a job. */
export function batchOf<T>(rowOf: (n: number) => T, numbers: readonly number[]): Batch<T> {
  return new Batch(
    numbers.map(rowOf),
    numbers.map((n) => FIRST_AT + n),
  )
}

/** One generation of a job: its writers and its committer, called as the engine calls them. */
export class SinkRun<T> {
  readonly sink: Sink<T>
  readonly #options: RunOptions
  readonly #patience: Patience
  readonly #writers: readonly OpenWriter<T>[]
  #committer: Committer | undefined

  private constructor(
    sink: Sink<T>,
    options: RunOptions,
    own: { patience: Patience; writers: readonly OpenWriter<T>[] },
  ) {
    this.sink = sink
    this.#options = options
    this.#patience = own.patience
    this.#writers = own.writers
  }

  static async open<T>(sink: Sink<T>, options: RunOptions, patience: Patience): Promise<SinkRun<T>> {
    const { generation, parallelism = 1, restored, lineage = 'lineage1' } = options
    const { environment } = patience
    const claimedAt = environment.clock.now() - HOUR_MS + generation * 1000
    const writers: OpenWriter<T>[] = []
    for (let index = 0; index < parallelism; index++) {
      const bell = { wakes: 0 }
      const wake = (): void => {
        bell.wakes++
      }
      const writer = await sink.write({
        ...engineContext(environment, { index, parallelism }),
        ...{ lineage, generation, claimedAt, wake },
        restored: evenShare(restored?.states ?? [], index, parallelism),
      })
      writers.push({ writer, bell })
    }
    return new SinkRun(sink, options, { patience, writers })
  }

  writer(subtask = 0): SinkWriter<T> {
    return this.#open(subtask).writer
  }

  /** How often a writer has called `wake`. */
  wakes(subtask = 0): number {
    return this.#open(subtask).bell.wakes
  }

  /** Offers rows until all are taken, whether the writer wakes or not. False: patience ended first. */
  async write(batch: Batch<T>, subtask = 0): Promise<boolean> {
    const { writer } = this.#open(subtask)
    let next = 0
    return this.#patience.until(
      () => {
        next = writer.write(batch, next)
        return next >= batch.length
      },
      () => next,
    )
  }

  watermark(watermark: number): void {
    for (const { writer } of this.#writers) writer.onWatermark?.(watermark)
  }

  /** What all writers give at a barrier; undefined: patience ended first. */
  async barrier(checkpointId: number): Promise<SinkCheckpoint | undefined> {
    const [committables, states]: [unknown[], unknown[]] = [[], []]
    for (const { writer } of this.#writers) {
      const prepared = await this.#patience.settled((async () => writer.prepareCommit(checkpointId))())
      if (prepared === undefined) return undefined
      committables.push(...prepared.value)
      states.push(...(writer.snapshot?.() ?? []))
    }
    return { committables: stored(committables), states: stored(states) }
  }

  /** Nothing follows: rows that wait in a writer are part of the barrier after it. */
  end(): void {
    this.watermark(MAX_WATERMARK)
  }

  async committer(): Promise<Committer | undefined> {
    this.#committer ??= await this.anotherCommitter(this.sink)
    return this.#committer
  }

  /** In a process of its own, when the sink is another one. */
  async anotherCommitter(sink: Sink<T>): Promise<Committer | undefined> {
    const { generation, lineage = 'lineage1' } = this.#options
    return sink.committer?.({ ...engineContext(this.#patience.environment), lineage, generation })
  }

  /** The checkpoint has completed. */
  async complete(checkpoint: SinkCheckpoint | undefined): Promise<void> {
    const committables = checkpoint?.committables ?? []
    if (committables.length > 0) await (await this.committer())?.commit(committables)
  }

  /** As at the start of a generation: what was open is committed, and what earlier ones left is removed. */
  async recover(checkpoint: SinkCheckpoint | undefined): Promise<void> {
    await this.complete(checkpoint)
    await (await this.committer())?.sweep?.()
  }

  async close(): Promise<void> {
    for (const { writer } of this.#writers) await writer.close()
    await this.#committer?.close?.()
    this.#committer = undefined
  }

  #open(subtask: number): OpenWriter<T> {
    // The checks know how many there are.
    return this.#writers[subtask] as OpenWriter<T>
  }
}
