import type { EnumeratorState } from '../../core/checkpoint/manifest.js'
import type { Split, SplitEnumerator } from '../../core/connector.js'
import type { EngineContext } from '../../core/context.js'
import { MIN_WATERMARK } from '../../core/element.js'
import { messageOf } from '../../core/errors.js'
import type { SourceNode } from '../../core/graph/node.js'
import type { AssignedSplit, SourceStage } from '../task/source-stage.js'
import { withOperatorId } from '../task/stage.js'

export interface SourceCoordinatorOptions {
  readonly node: SourceNode
  /** By subtask. */
  readonly stages: readonly SourceStage[]
  readonly context: EngineContext
  readonly lineage: string
  readonly restored: { readonly enumerator: EnumeratorState; readonly splits: readonly AssignedSplit[] } | undefined
  readonly onFailure: (error: unknown) => void
}

/** Finds the splits of one source and hands them to its subtasks. A split is known from the moment it is assigned. */
export class SourceCoordinator {
  private readonly options: SourceCoordinatorOptions
  private readonly known: Set<string>
  private enumerator: SplitEnumerator | undefined
  private cancelTimer: (() => void) | undefined
  private closed = false

  constructor(options: SourceCoordinatorOptions) {
    this.options = options
    this.known = new Set(options.restored?.enumerator.known)
  }

  get sourceId(): string {
    return this.options.node.id
  }

  /** Assigns what a checkpoint stored and what the first look finds; goes on looking where the source wants that. */
  async start(): Promise<void> {
    const { node, context, lineage, restored } = this.options
    try {
      this.enumerator = await node.source.enumerate({ ...context, lineage, restored: restored?.enumerator.custom })
      const ordinals = new Map([...this.known].map((id, ordinal) => [id, ordinal]))
      for (const assigned of restored?.splits ?? []) this.assign(assigned, ordinals.get(assigned.split.id) ?? 0)
      await this.discover()
    } catch (error) {
      throw withOperatorId(error, node.id)
    }
    if (this.closed) return
    if (this.enumerator.intervalMs === undefined) for (const stage of this.options.stages) stage.noMoreSplits()
    else this.schedule(this.enumerator.intervalMs)
  }

  /** To be taken in the same turn in which the barrier is handed to the sources: what is known then is assigned. */
  snapshot(): EnumeratorState {
    try {
      return { known: [...this.known], custom: this.enumerator?.snapshot?.() }
    } catch (error) {
      throw withOperatorId(error, this.options.node.id)
    }
  }

  /** Never rejects. */
  async close(end: 'finished' | 'unfinished'): Promise<void> {
    this.closed = true
    this.cancelTimer?.()
    const { context, node } = this.options
    try {
      await this.enumerator?.close?.(end)
    } catch (error) {
      context.logger.warn('an enumerator could not be closed', { operator: node.id, error: messageOf(error) })
    }
  }

  private async discover(): Promise<void> {
    const found = (await this.enumerator?.discover(this.known)) ?? []
    if (this.closed) return
    for (const split of found) {
      if (this.known.has(split.id)) continue
      const ordinal = this.known.size
      this.known.add(split.id)
      this.assign({ split, watermark: MIN_WATERMARK, finished: false }, ordinal)
    }
  }

  private assign(assigned: AssignedSplit, ordinal: number): void {
    const { stages } = this.options
    const subtask = this.subtaskOf(assigned.split, ordinal)
    stages[subtask]?.assign(assigned)
  }

  private subtaskOf(split: Split, ordinal: number): number {
    const parallelism = this.options.stages.length
    return this.enumerator?.assign?.(split, ordinal, parallelism) ?? ordinal % parallelism
  }

  private schedule(intervalMs: number): void {
    if (this.closed) return
    this.cancelTimer = this.options.context.environment.timers.after(intervalMs, () => {
      this.discover().then(
        () => this.schedule(intervalMs),
        (error: unknown) => this.options.onFailure(withOperatorId(error, this.options.node.id)),
      )
    })
  }
}
