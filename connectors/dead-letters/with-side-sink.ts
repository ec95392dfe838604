import type { Committer, CommitterContext, Sink, SinkWriter, WriterContext } from '../../core/connector.js'
import type { EngineContext } from '../../core/context.js'
import type { Batch } from '../../core/element.js'
import { TidemarkError } from '../../core/errors.js'
import { sideMetrics } from './side-metrics.js'
import { SideRows } from './side-rows.js'

/** Hands a row to the sink beside, with its event time. */
export type Give<R> = (row: R, timestamp: number) => void

/** A sink that has rows for another one. */
export interface GivingSink<in T, out R> extends Omit<Sink<T>, 'write'> {
  /** @param give may be called at any time up to the end of `prepareCommit`, also from within `write` */
  write(context: WriterContext, give: Give<R>): SinkWriter<T> | Promise<SinkWriter<T>>
}

export interface SideSink<R> {
  readonly sink: Sink<R>
  /** What it gets, for people who read the plan. */
  readonly rows: string
  /**
   * Appended to the operator's id: no id of a step has a dot, so what the two write under their ids never meets. Also the
   * label of its metrics.
   */
  readonly suffix: string
  /** How its committables and state are told from the main sink's own, which go unmarked. Stands in checkpoints. */
  readonly mark: string
}

/**
 * A sink with another one beside it. What that one is given is part of the checkpoint that the rows around it belong to: what
 * it prepares, keeps and commits is carried beside the main sink's, marked.
 */
export function withSideSink<T, R>(main: GivingSink<T, R>, side: SideSink<R>): Sink<T> {
  return {
    ...main,
    stateVersion: versionOfBoth(main, side.sink),
    describe: () => [main.describe?.(), `${side.rows} to ${side.sink.kind}`].filter(Boolean).join(', '),
    async write(context) {
      const { restored } = context
      const marks = new Marks(side.mark)
      const rows = await SideRows.open(side.sink, {
        ...sideContext(context, side),
        restored: restored.flatMap((state) => marks.ofSide(state)),
      })
      try {
        const mainContext = { ...context, restored: restored.filter((state) => marks.isOfMain(state)) }
        const writer = await main.write(mainContext, (row, timestamp) => rows.add(row, timestamp))
        return new WriterWithSide(writer, rows, marks)
      } catch (thrown) {
        await rows.close()
        throw thrown
      }
    },
    ...((main.committer || side.sink.committer) && {
      committer: async (context: CommitterContext) => {
        const ofMain = await main.committer?.(context)
        try {
          const ofSide = await side.sink.committer?.(sideContext(context, side))
          return new CommitterWithSide(ofMain, ofSide, new Marks(side.mark))
        } catch (thrown) {
          await ofMain?.close?.()
          throw thrown
        }
      },
    }),
  }
}

/**
 * One number for what two put into a checkpoint: it is lower in a release that knows less of either. The greater of the two
 * would not do, which hides the other. Without the sink beside, a checkpoint is refused whose number only that one raised.
 */
function versionOfBoth(main: Pick<Sink<never>, 'stateVersion'>, side: Pick<Sink<never>, 'stateVersion'>): number {
  return (main.stateVersion ?? 1) + (side.stateVersion ?? 1) - 1
}

function sideContext<C extends EngineContext>(context: C, { suffix }: Pick<SideSink<never>, 'suffix'>): C {
  const { operatorId, metrics } = context
  return { ...context, operatorId: `${operatorId}.${suffix}`, metrics: sideMetrics(metrics, suffix) }
}

class Marks {
  readonly #mark: string

  constructor(mark: string) {
    this.#mark = mark
  }

  marked(stored: unknown): unknown {
    return { [this.#mark]: stored }
  }

  /** What was marked; nothing where it is not. */
  ofSide(stored: unknown): readonly unknown[] {
    // An object has whatever names it has.
    return this.isOfMain(stored) ? [] : [(stored as Readonly<Record<string, unknown>>)[this.#mark]]
  }

  isOfMain(stored: unknown): boolean {
    return typeof stored !== 'object' || stored === null || !(this.#mark in stored)
  }
}

class WriterWithSide<T, R> implements SinkWriter<T> {
  readonly #main: SinkWriter<T>
  readonly #side: SideRows<R>
  readonly #marks: Marks

  constructor(main: SinkWriter<T>, side: SideRows<R>, marks: Marks) {
    this.#main = main
    this.#side = side
    this.#marks = marks
  }

  write(batch: Batch<T>, from: number): number {
    // What found no room beside holds up the rows behind it: there is never more than one call can leave.
    if (!this.#side.offer()) return from
    const next = this.#main.write(batch, from)
    this.#side.offer()
    return next
  }

  check(): void {
    this.#main.check?.()
    this.#side.check()
  }

  onWatermark(watermark: number): void {
    this.#main.onWatermark?.(watermark)
    this.#side.onWatermark(watermark)
  }

  async prepareCommit(checkpointId: number): Promise<readonly unknown[]> {
    // Its last rows may be given only now.
    const main = await this.#main.prepareCommit(checkpointId)
    const side = await this.#side.prepareCommit(checkpointId)
    return [...main, ...side.map((committable) => this.#marks.marked(committable))]
  }

  snapshot(): readonly unknown[] {
    return [...(this.#main.snapshot?.() ?? []), ...this.#side.snapshot().map((state) => this.#marks.marked(state))]
  }

  async close(): Promise<void> {
    try {
      await this.#main.close()
    } finally {
      await this.#side.close()
    }
  }
}

class CommitterWithSide implements Committer {
  readonly #main: Committer | undefined
  readonly #side: Committer | undefined
  readonly #marks: Marks

  constructor(main: Committer | undefined, side: Committer | undefined, marks: Marks) {
    this.#main = main
    this.#side = side
    this.#marks = marks
  }

  async commit(committables: readonly unknown[]): Promise<void> {
    await commit(
      this.#main,
      committables.filter((committable) => this.#marks.isOfMain(committable)),
    )
    await commit(
      this.#side,
      committables.flatMap((committable) => this.#marks.ofSide(committable)),
    )
  }

  async sweep(): Promise<void> {
    await this.#main?.sweep?.()
    await this.#side?.sweep?.()
  }

  async committedAfter(point: Parameters<NonNullable<Committer['committedAfter']>>[0]): Promise<string | undefined> {
    return (await this.#main?.committedAfter?.(point)) ?? (await this.#side?.committedAfter?.(point))
  }

  async close(): Promise<void> {
    try {
      await this.#main?.close?.()
    } finally {
      await this.#side?.close?.()
    }
  }
}

async function commit(committer: Committer | undefined, committables: readonly unknown[]): Promise<void> {
  if (committer) return committer.commit(committables)
  if (committables.length === 0) return
  throw new TidemarkError({
    code: 'COMMITTABLES_WITHOUT_SINK',
    domain: 'user',
    message:
      'there is output to commit of another sink than the options name now: give onRejected or backup the sink back that ' +
      'they had, until it has committed',
  })
}
