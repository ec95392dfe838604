import type { Sink, SinkWriter } from '../../core/connector.js'
import type { Barrier, Batch } from '../../core/element.js'
import { TidemarkError } from '../../core/errors.js'
import type { Operator, OperatorContext, Output } from '../../core/operators/operator.js'
import type { OperatorStateSnapshot } from '../../core/state/operator-state.js'

/** The name of what a writer keeps beside its committables, part of the savepoint. */
const WRITER = 'writer'

export interface SinkOperatorOptions {
  readonly sink: Sink<unknown>
  readonly lineage: string
  readonly generation: number
  readonly claimedAt: number
}

/** A sink's writer as the last operator of a task. */
export class SinkOperator implements Operator {
  private readonly options: SinkOperatorOptions
  private writer: SinkWriter<unknown> | undefined
  /** Prepared and not yet known to be committed: what an aborted checkpoint leaves goes into the next one. */
  private prepared: { readonly checkpointId: number; readonly committables: readonly unknown[] }[] = []

  constructor(options: SinkOperatorOptions) {
    this.options = options
  }

  /** As of the barrier that was worked on last. */
  get committables(): readonly unknown[] {
    return this.prepared.flatMap(({ committables }) => committables)
  }

  checkpointCompleted(checkpointId: number): void {
    this.prepared = this.prepared.filter((prepared) => prepared.checkpointId > checkpointId)
  }

  async open(context: OperatorContext): Promise<void> {
    const { sink, lineage, generation, claimedAt } = this.options
    this.writer = await sink.write({
      operatorId: context.operatorId,
      subtask: context.subtask,
      logger: context.logger,
      metrics: context.metrics,
      parameters: context.parameters,
      signal: context.signal,
      environment: context.environment,
      lineage,
      generation,
      claimedAt,
      restored: context.restoredOperatorState(WRITER, 'list'),
      wake: () => context.wake(),
    })
  }

  process(batch: Batch, from: number, _output: Output): number {
    return this.writer ? this.writer.write(batch, from) : from
  }

  onWatermark(watermark: number): boolean {
    this.writer?.onWatermark?.(watermark)
    return true
  }

  /** A writer that broke fails the job, however long nothing comes that could be written. */
  onWake(): boolean {
    this.writer?.check?.()
    return true
  }

  async beforeSnapshot(barrier: Barrier): Promise<void> {
    const { checkpointId } = barrier
    const committables = (await this.writer?.prepareCommit(checkpointId)) ?? []
    if (committables.length > 0) this.prepared.push({ checkpointId, committables })
    if (committables.length > 0 && !this.options.sink.committer) {
      throw new TidemarkError({
        code: 'SINK_WITHOUT_COMMITTER',
        domain: 'connector',
        message: `sink '${this.options.sink.kind}' prepared something to commit, but has no committer`,
      })
    }
  }

  snapshotOperatorState(): readonly OperatorStateSnapshot[] {
    return [{ name: WRITER, mode: 'list', entries: this.writer?.snapshot?.() ?? [] }]
  }

  async close(): Promise<void> {
    await this.writer?.close()
  }
}
