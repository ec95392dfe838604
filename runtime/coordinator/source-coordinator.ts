import type { EnumeratorState } from '../../core/checkpoint/manifest.js'
import type { Split, SplitEnumerator } from '../../core/connector.js'
import type { EngineContext } from '../../core/context.js'
import { MIN_WATERMARK } from '../../core/element.js'
import { messageOf } from '../../core/errors.js'
import type { SourceNode } from '../../core/graph/node.js'
import type { AlignmentGroup } from '../task/alignment-group.js'
import type { AssignedSplit, SplitEnd } from '../task/source-link.js'
import type { SourceStage } from '../task/source-stage.js'
import { SourceTime } from '../task/source-time.js'
import { withOperatorId } from '../task/stage.js'
import { decideSplits, forgettable, type SplitFacts } from './split-order.js'

export interface SourceCoordinatorOptions {
  readonly node: SourceNode
  /** By subtask. */
  readonly stages: readonly SourceStage[]
  readonly context: EngineContext
  readonly lineage: string
  /** See `EnumeratorContext`. */
  readonly startedAt: number | undefined
  /** Of its watermark strategy. */
  readonly alignment?: AlignmentGroup | undefined
  readonly restored: { readonly enumerator: EnumeratorState; readonly splits: readonly AssignedSplit[] } | undefined
  /** Somebody waits for the next completed checkpoint. Rejects when there is none. */
  readonly requestCheckpoint: () => Promise<unknown>
  /** During a drain: it may be drained now. */
  readonly onDrained: () => void
  readonly onFailure: (error: unknown) => void
}

/** How often what follows a split is looked for before time goes on without it. */
const LOOKS = 6
/** Between looks of an enumerator that has no interval. */
const RETRY_MS = 1000

type MutableFacts = { -readonly [K in keyof SplitFacts]: SplitFacts[K] } & {
  /** The first checkpoint whose barriers went out after its end. */
  endsIn?: number
  /** Ids of what follows it, as far as that is known. */
  successors?: readonly string[]
  /** Looks after its end that did not find them all. */
  fruitless?: number
  readonly ordinal: number
}

/**
 * Finds the splits of one source and hands them to its subtasks, parents before children (see `decideSplits`). What was
 * discovered is in every checkpoint from then on: with its subtask once it is assigned, here until then.
 */
export class SourceCoordinator {
  private readonly options: SourceCoordinatorOptions
  private readonly splits = new Map<string, MutableFacts>()
  /** Known from an older checkpoint, which has nothing else of them: they had been read. */
  private readonly otherwiseKnown: Set<string>
  private nextOrdinal = 0
  private readonly time: SourceTime | undefined
  private readonly hasParents: boolean
  private enumerator: SplitEnumerator | undefined
  private cancelTimer: (() => void) | undefined
  private looking = false
  private lookAgain = false
  private isAsking = false
  private isDraining = false
  private isOver = false
  private saidNoMore = false
  private closed = false

  constructor(options: SourceCoordinatorOptions) {
    this.options = options
    const { node, stages, restored, alignment } = options
    const { known = [], waiting = [] } = restored?.enumerator ?? {}
    const ordinals = new Map(known.map((id, ordinal) => [id, ordinal]))
    this.nextOrdinal = known.length
    this.hasParents = node.source.splitsHaveParents === true
    for (const split of waiting) this.splits.set(split.id, newFacts(split, ordinals.get(split.id) ?? 0))
    for (const assigned of restored?.splits ?? []) {
      this.splits.set(assigned.split.id, restoredFacts(assigned, ordinals.get(assigned.split.id) ?? 0))
    }
    this.otherwiseKnown = new Set(known.filter((id) => !this.splits.has(id)))
    if (!this.hasParents && node.watermarks.maxDriftMs === undefined) return
    const time = new SourceTime(stages.length, alignment)
    const onSplitEnd = (end: SplitEnd): void => this.ended(end)
    stages.forEach((stage, subtask) => {
      stage.connect({ time, subtask, ...(this.hasParents && { onSplitEnd }) })
    })
    this.time = time
  }

  get sourceId(): string {
    return this.options.node.id
  }

  /** Assigns what a checkpoint stored and what the first look finds; goes on looking where the source wants that. */
  async start(): Promise<void> {
    const { node, context, lineage, startedAt, restored } = this.options
    try {
      const own = { lineage, startedAt, restored: restored?.enumerator.custom }
      this.enumerator = await node.source.enumerate({ ...context, ...own })
      const { found, gone } = await this.find()
      if (this.closed) return
      this.add(found)
      this.loseUnread(gone)
      for (const assigned of restored?.splits ?? []) this.assignAgain(assigned)
      this.act()
    } catch (error) {
      throw withOperatorId(error, node.id)
    }
    if (this.enumerator.intervalMs === undefined) {
      if (!this.hasParents) this.noMoreSplits()
    } else this.schedule(this.enumerator.intervalMs)
  }

  /** To be taken in the same turn in which the barrier is handed to the sources: what is known then is assigned, or waits. */
  snapshot(checkpointId: number): EnumeratorState {
    const waiting: Split[] = []
    for (const facts of this.splits.values()) {
      if (facts.status === 'waiting') waiting.push(facts.split)
      if (hasEnded(facts)) facts.endsIn ??= checkpointId
    }
    try {
      const custom = this.enumerator?.snapshot?.()
      return { known: [...this.known()], custom, ...(waiting.length > 0 && { waiting }) }
    } catch (error) {
      throw withOperatorId(error, this.options.node.id)
    }
  }

  /** The ends that were reported before its barriers went out are in a completed checkpoint from here on. */
  checkpointCompleted(checkpointId: number): void {
    if (!this.hasParents || this.closed) return
    for (const facts of this.splits.values()) {
      if (facts.endsIn !== undefined && facts.endsIn <= checkpointId) facts.isCheckpointed = true
    }
    this.act()
  }

  /** No split is read beyond where it ends now: what follows those that end by themselves still is. */
  drainAtTip(): void {
    this.isDraining = true
    if (this.hasParents) this.act()
  }

  /** During a drain: every split is known that is to be read. */
  get isDrained(): boolean {
    return !this.hasParents || this.isOver
  }

  noMoreSplits(): void {
    if (this.saidNoMore) return
    this.saidNoMore = true
    this.cancelTimer?.()
    for (const stage of this.options.stages) stage.noMoreSplits()
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

  private known(): Set<string> {
    return new Set([...this.otherwiseKnown, ...this.splits.keys()])
  }

  /** At once, or as soon as the look is over that began too early to see what follows a split that has ended. */
  private look(): void {
    this.cancelTimer?.()
    this.lookAgain = this.looking
    if (this.looking || this.closed || this.saidNoMore) return
    this.looking = true
    this.find()
      .then(({ found, gone }) => {
        if (this.closed || this.saidNoMore) return
        this.add(found)
        this.loseUnread(gone)
        this.forget(gone)
        this.looking = false
        this.act()
        const intervalMs = this.enumerator?.intervalMs
        if (this.lookAgain) this.look()
        else if (intervalMs !== undefined) this.schedule(intervalMs)
        else if ([...this.splits.values()].some((facts) => facts.fruitless)) this.schedule(RETRY_MS)
      })
      .catch((error: unknown) => {
        if (!this.closed) this.options.onFailure(withOperatorId(error, this.options.node.id))
      })
  }

  private async find(): Promise<{ readonly found: readonly Split[]; readonly gone: readonly string[] }> {
    const ended = [...this.splits.values()].filter(hasEnded)
    const found = (await this.enumerator?.discover(this.known())) ?? []
    for (const facts of ended) this.follow(facts, found)
    return { found, gone: this.enumerator?.gone?.() ?? [] }
  }

  /** What follows a split may come into the listing a little later than it began. */
  private follow(facts: MutableFacts, found: readonly Split[]): void {
    if (facts.isFollowed) return
    const isKnown = (id: string): boolean =>
      this.splits.has(id) || this.otherwiseKnown.has(id) || found.some((split) => split.id === id)
    const missing = facts.successors?.filter((id) => !isKnown(id)) ?? []
    facts.fruitless = missing.length === 0 ? 0 : (facts.fruitless ?? 0) + 1
    facts.isFollowed = missing.length === 0 || facts.fruitless >= LOOKS
    if (missing.length === 0 || !facts.isFollowed) return
    facts.fruitless = 0
    const { context, node } = this.options
    context.logger.warn('what follows a split is in no listing: the watermark goes on without it', {
      operator: node.id,
      split: facts.split.id,
      missing,
    })
  }

  private add(found: readonly Split[]): void {
    for (const split of found) {
      if (this.splits.has(split.id) || this.otherwiseKnown.has(split.id)) continue
      this.splits.set(split.id, newFacts(split, this.nextOrdinal++))
    }
  }

  private act(): void {
    const subtaskOf = ({ id }: Split): number => this.subtaskOf(this.splits.get(id) as MutableFacts)
    const { start, holds, needsCheckpoint, isOver } = decideSplits(this.splits, subtaskOf)
    for (const { split, subtask, watermark, isIdle } of start) {
      Object.assign(this.splits.get(split.id) as MutableFacts, { status: 'reading', subtask })
      this.options.stages[subtask]?.assign({ split, watermark, finished: false, ...(isIdle && { idle: true }) })
    }
    // Only now: the new ones hold the watermark themselves.
    this.time?.hold(holds)
    if (needsCheckpoint) this.askForCheckpoint()
    if (!this.hasParents) return
    this.isOver = isOver
    if (isOver && this.isDraining) this.options.onDrained()
    else if (isOver && this.enumerator?.intervalMs === undefined) this.noMoreSplits()
  }

  private ended({ split, watermark, stopped = false, idle = false, successors }: SplitEnd): void {
    const facts = this.splits.get(split.id)
    if (this.closed || facts === undefined) return
    facts.status = stopped ? 'stopped' : 'ended'
    facts.watermark = watermark
    facts.isIdle = idle
    if (successors) facts.successors = successors
    this.act()
    if (!stopped) this.look()
  }

  /** @throws what the enumerator throws where the job must not go on without them */
  private loseUnread(gone: readonly string[]): void {
    const lost = gone.map((id) => this.splits.get(id)).filter((facts) => facts !== undefined && !hasEnded(facts))
    if (lost.length === 0) return
    this.enumerator?.onLost?.(lost.map((facts) => (facts as MutableFacts).split))
    for (const facts of lost as MutableFacts[]) {
      const { subtask, split } = facts
      Object.assign(facts, { status: 'ended', isIdle: true, isFollowed: true })
      if (subtask !== undefined) this.options.stages[subtask]?.abandon(split.id)
    }
  }

  private forget(gone: readonly string[]): void {
    const forgotten = forgettable(this.splits, gone)
    if (forgotten.size === 0) return
    for (const id of forgotten) {
      this.splits.delete(id)
      this.otherwiseKnown.delete(id)
    }
    for (const stage of this.options.stages) stage.forget(forgotten)
  }

  private assignAgain(assigned: AssignedSplit): void {
    const facts = this.splits.get(assigned.split.id) as MutableFacts
    const subtask = this.subtaskOf(facts)
    const isLost = !assigned.finished && facts.status === 'ended'
    if (facts.status === 'reading') facts.subtask = subtask
    this.options.stages[subtask]?.assign(isLost ? { ...assigned, finished: true, idle: true } : assigned)
  }

  private subtaskOf({ split, ordinal }: MutableFacts): number {
    const parallelism = this.options.stages.length
    return this.enumerator?.assign?.(split, ordinal, parallelism) ?? ordinal % parallelism
  }

  /** A split should not wait for the next one that is due anyway; one that is on its way may do. */
  private askForCheckpoint(): void {
    const isNeeded = [...this.splits.values()].some((facts) => hasEnded(facts) && facts.endsIn === undefined)
    if (this.isAsking || !isNeeded) return
    this.isAsking = true
    const done = (): void => {
      this.isAsking = false
    }
    // What comes of it `checkpointCompleted` is told; where none could be taken the next periodic one will do.
    this.options.requestCheckpoint().then(done, done)
  }

  private schedule(intervalMs: number): void {
    if (this.closed) return
    this.cancelTimer?.()
    this.cancelTimer = this.options.context.environment.timers.after(intervalMs, () => this.look())
  }
}

function hasEnded({ status }: SplitFacts): boolean {
  return status === 'ended' || status === 'stopped'
}

function newFacts(split: Split, ordinal: number): MutableFacts {
  const nothing = { subtask: undefined, watermark: MIN_WATERMARK, isIdle: false, isCheckpointed: false }
  return { split, ordinal, status: 'waiting', ...nothing, isFollowed: false }
}

function restoredFacts(assigned: AssignedSplit, ordinal: number): MutableFacts {
  const { split, watermark, finished, stopped, idle = false } = assigned
  const status = finished ? (stopped ? 'stopped' : 'ended') : 'reading'
  const read = { subtask: undefined, watermark, isIdle: idle, isCheckpointed: finished, isFollowed: false }
  return { split, ordinal, status, ...read, ...(finished && { endsIn: 0 }) }
}
