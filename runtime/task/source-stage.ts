import type { DeadLetter, MalformedPolicy, Polled, Split, SplitReader } from '../../core/connector.js'
import type { Counter, Metrics } from '../../core/context.js'
import { type Barrier, type Element, MAX_WATERMARK } from '../../core/element.js'
import type { Environment } from '../../core/environment.js'
import { userError } from '../../core/operators/user-error.js'
import { Origin } from '../../core/origin.js'
import { isPromise } from '../../core/promises.js'
import { isTimestamp, sparing, timestampInvalid } from '../../core/time/timestamp.js'
import type { WatermarkStrategy } from '../../core/time/watermark-strategy.js'
import { ClosingReaders } from './closing-readers.js'
import type { OutputBuffer } from './output-buffer.js'
import type { AssignedSplit, SourceLink } from './source-link.js'
import { rowsOf, textOf } from './source-rows.js'
import { SplitWatermarks } from './split-watermarks.js'
import { encodeStates, type TaskStage, withOperatorId } from './stage.js'
import type { StageSnapshot } from './stage-snapshot.js'

/** The name of a source's state, part of the savepoint. */
const SPLITS = 'splits'

export interface SourceStageOptions {
  readonly nodeId: string
  readonly strategy: WatermarkStrategy<unknown>
  readonly output: OutputBuffer
  readonly onMalformed: MalformedPolicy
  /** Port of the dead letters. */
  readonly malformedPort: number
  readonly environment: Environment
  readonly metrics: Metrics
  readonly openReader: (split: Split) => SplitReader<unknown> | Promise<SplitReader<unknown>>
  readonly onSnapshot: (checkpointId: number, snapshot: StageSnapshot) => void
  readonly onFailure: (error: unknown) => void
  /** No record follows: the end element has been emitted. */
  readonly onEnd: () => void
  readonly wake: () => void
}

interface OpenSplit {
  split: Split
  /** Undefined while it is being opened. */
  reader: SplitReader<unknown> | undefined
  finished: boolean
  /** It ended because a drain asked it to: there may be more to read behind a resume. */
  endedByDrain: boolean
  stopped: boolean
  /** Once it has finished. */
  idle: boolean
  /** Input of the coalescer. */
  readonly input: number
  /** How many were assigned before it. */
  readonly order: number
}

/** Rows taken from a reader at once: small enough to keep a slice short, large enough to make a batch worth it. */
const POLL_ROWS = 512

/** Head of a source task: polls the readers of its splits in turn, and makes timestamps and watermarks. */
export class SourceStage implements TaskStage {
  readonly output: OutputBuffer
  readonly isSnapshotting = false
  private readonly options: SourceStageOptions
  private readonly splits: OpenSplit[] = []
  private readonly closing = new ClosingReaders()
  private readonly watermarks: SplitWatermarks
  /** Each with how many splits had been assigned when it was triggered: later ones the enumerator's snapshot has not as read. */
  private barriers: { readonly barrier: Barrier; readonly assigned: number }[] = []
  private assigned = 0
  private link: SourceLink | undefined
  private readonly counters: Record<'read' | 'rejected' | 'skipped' | 'ahead' | 'lateAfterIdleness', Counter>
  private next = 0
  private allAssigned = false
  private started = false
  private holding = false
  private ended = false
  private closed = false
  private drain: 'no' | 'now' | 'atTip' = 'no'

  constructor(options: SourceStageOptions) {
    this.options = options
    this.output = options.output
    this.watermarks = new SplitWatermarks({
      strategy: options.strategy,
      environment: options.environment,
      wake: options.wake,
    })
    this.counters = {
      read: options.metrics.counter('recordsRead'),
      rejected: options.metrics.counter('malformedRecords'),
      skipped: options.metrics.counter('skippedRecords'),
      ahead: options.metrics.counter('recordsAheadOfClock'),
      lateAfterIdleness: options.metrics.counter('lateRecordsAfterIdleness'),
    }
    options.metrics.gauge('watermark', () => this.watermarks.emitted)
    if (options.strategy.maxDriftMs !== undefined) options.metrics.gauge('splitsHeldBack', () => this.watermarks.ahead)
  }

  get isEnded(): boolean {
    return this.ended
  }

  get recordsRead(): number {
    return this.counters.read.value
  }

  /** Every split has been read up to its present end. */
  get isCaughtUp(): boolean {
    return this.splits.every(({ finished, reader }) => finished || reader?.caughtUp === true)
  }

  /** The split that holds the watermark back. */
  get slowestSplit(): string | undefined {
    return this.watermarks.slowestSplit
  }

  get watermark(): number {
    return this.watermarks.emitted
  }

  /** Before the first split is assigned. */
  connect(link: SourceLink): void {
    this.link = link
    this.watermarks.join(link.time, link.subtask)
  }

  /** Takes part in the next checkpoint from here on, whether its reader is open yet or not. */
  assign(assigned: AssignedSplit): void {
    const { split, finished, watermark, stopped = false, idle = false } = assigned
    const order = this.assigned++
    const status = finished ? 'finished' : idle ? 'idle' : 'active'
    const input = this.watermarks.add({ id: split.id, watermark, status })
    const open: OpenSplit = { split, reader: undefined, finished, endedByDrain: false, stopped, idle, input, order }
    this.splits.push(open)
    if (!finished) void this.open(open)
    // From here on it holds the watermark, though its reader opens later.
    this.options.wake()
  }

  /** Ends a split where it is: there is nothing more to read in it. */
  abandon(splitId: string): void {
    const open = this.splits.find(({ split, finished }) => split.id === splitId && !finished)
    if (open) this.finish(open)
  }

  /** Of splits that have finished: they are in no checkpoint any more. */
  forget(splitIds: ReadonlySet<string>): void {
    for (let index = this.splits.length - 1; index >= 0; index--) {
      const { split, finished, input } = this.splits[index] as OpenSplit
      if (!finished || !splitIds.has(split.id)) continue
      this.splits.splice(index, 1)
      this.watermarks.remove(input)
    }
  }

  /** Records flow from here on. Before it, a subtask without splits must not look idle: they may be on their way. */
  start(): void {
    this.started = true
    this.options.wake()
  }

  /** No split will be assigned any more. */
  noMoreSplits(): void {
    this.allAssigned = true
    this.options.wake()
  }

  triggerCheckpoint(barrier: Barrier, options: { readonly stopAfter: boolean }): void {
    this.barriers.push({ barrier, assigned: this.assigned })
    // What would follow a stop's barrier is thrown away, so nothing follows it.
    if (options.stopAfter) this.holding = true
    this.options.wake()
  }

  /** A barrier that has not gone out need not any more. */
  cancelCheckpoint(checkpointId: number): void {
    this.barriers = this.barriers.filter(({ barrier }) => barrier.checkpointId > checkpointId)
  }

  /** Ends the input: at once, or where each split ends now. */
  endInput(where: 'now' | 'atTip'): void {
    this.drain = where
    if (where === 'atTip') for (const { reader } of this.splits) reader?.endAtTip?.()
    this.options.wake()
  }

  work(): boolean {
    if (!this.output.flush()) {
      this.watermarks.pauseClocks()
      return false
    }
    const barrier = this.barriers.shift()
    if (barrier) {
      this.snapshot(barrier.barrier, barrier.assigned)
      return true
    }
    if (!this.started || this.holding || this.ended) return false
    if (this.drain === 'now') return this.end()
    const hasWorked = this.emitAll(this.watermarks.catchUp()) || this.pollOne()
    // A split that always has something must not keep the others from becoming idle.
    if (hasWorked && !this.watermarks.isLookDue) return true
    if (this.allAssigned && this.splits.every(({ finished }) => finished)) return this.end()
    const caughtUp = new Set(this.splits.filter(({ reader }) => reader?.caughtUp === true).map(({ input }) => input))
    return this.emitAll(this.watermarks.onQuiet((input) => caughtUp.has(input))) || hasWorked
  }

  /** Closes all readers, and then rejects with what the first of them threw. */
  async close(): Promise<void> {
    this.closed = true
    this.watermarks.close()
    for (const open of this.splits) this.retire(open)
    await this.closing.done()
  }

  private async open(open: OpenSplit): Promise<void> {
    try {
      const reader = await this.options.openReader(open.split)
      if (this.closed || open.finished) return void (await reader.close())
      if (this.drain === 'atTip') reader.endAtTip?.()
      open.reader = reader
      this.options.wake()
    } catch (error) {
      this.options.onFailure(this.named(error, open))
    }
  }

  private snapshot(barrier: Barrier, assigned: number): void {
    const splits = this.splits
      .filter(({ order }) => order < assigned)
      .map((open): AssignedSplit => {
        const split = open.reader ? this.guard(open, open.reader, (reader) => reader.position()) : open.split
        const finished = open.finished && !open.endedByDrain
        const watermark = this.watermarks.watermarkOf(open.input)
        const { stopped, idle } = open
        const how = finished && { ...(stopped && { stopped }), ...(idle && { idle }) }
        return { split, watermark, finished, ...how }
      })
    this.options.onSnapshot(barrier.checkpointId, {
      nodeId: this.options.nodeId,
      watermark: this.watermarks.emitted,
      floors: [],
      range: { first: 0, end: 0 },
      objects: [],
      needed: [],
      operatorState: encodeStates([{ name: SPLITS, mode: 'list', entries: splits }]),
      committables: [],
    })
    this.output.broadcast({ kind: 'barrier', barrier })
    this.output.flush()
  }

  /** Takes records of one split; the next call begins with the split after it. */
  private pollOne(): boolean {
    for (let tried = 0; tried < this.splits.length; tried++) {
      const open = this.splits[this.next % this.splits.length] as OpenSplit
      this.next = (this.next + 1) % this.splits.length
      if (open.finished || !open.reader || this.watermarks.isAhead(open.input)) continue
      const { reader } = open
      const polled = this.guard(open, reader, () => reader.poll(POLL_ROWS))
      if (polled) this.emit(open, polled)
      const isAtTip = this.drain === 'atTip' && !reader.endAtTip && !polled && reader.caughtUp
      if (reader.finished || isAtTip) {
        open.stopped = reader.endedEarly ?? this.drain === 'atTip'
        open.endedByDrain = this.drain === 'atTip' && open.stopped
        this.finish(open)
      }
      if (polled || open.finished) return true
    }
    return false
  }

  private finish(open: OpenSplit): void {
    const { reader, input, stopped } = open
    open.finished = true
    open.idle = !this.watermarks.isHolding(input)
    if (reader) open.split = this.guard(open, reader, () => reader.position())
    const watermark = this.watermarks.watermarkOf(input)
    const how = { ...(stopped && { stopped }), ...(open.idle && { idle: open.idle }), successors: reader?.successors }
    this.retire(open)
    this.link?.onSplitEnd?.({ split: open.split, watermark, ...how })
    this.emitAll(this.watermarks.finish(input))
  }

  private retire(open: OpenSplit): void {
    if (open.reader) this.closing.close(open.reader)
    open.reader = undefined
  }

  private emit(open: OpenSplit, polled: Polled<unknown>): void {
    const { values } = polled
    this.emitAll(this.watermarks.beforeRecords(open.input))
    const { output, malformedPort } = this.options
    if (polled.rejected) {
      this.counters.rejected.add(polled.rejected.length)
      for (const letter of polled.rejected) output.emitTo(malformedPort, letter, this.options.environment.clock.now())
    }
    if (polled.skipped) this.counters.skipped.add(polled.skipped)
    if (values.length > 0) {
      this.counters.read.add(values.length)
      this.emitRecords(open, polled)
    }
    this.emitAll(this.watermarks.afterRecords(open.input))
    // Also where no watermark pushes it: the next call may find nothing to do, and the task would rest before the next stage.
    output.flush()
  }

  private emitRecords(open: OpenSplit, { values, timestamps: given, offsets }: Polled<unknown>): void {
    const { strategy, onMalformed } = this.options
    const origin = Origin.ofPoll(open.split.id, offsets)
    const timestampOf = strategy.timestamp && onMalformed !== 'fail' ? sparing(strategy.timestamp) : strategy.timestamp
    const generator = this.watermarks.generatorOf(open.input)
    const limit = this.watermarks.skewLimit()
    const timestamps = given && !timestampOf ? given : new Array<number>(values.length)
    const isCatchingUp = this.watermarks.isCatchingUp(open.input)
    const { passed } = this.watermarks
    const dropped = new Set<number>()
    let start = 0
    let row = 0
    try {
      for (; row < values.length; row++) {
        const value = values[row]
        const timestamp = timestampOf ? timestampOf(value) : given ? (given[row] as number) : Number.NEGATIVE_INFINITY
        if ((timestampOf || given) && !isTimestamp(timestamp)) {
          this.rejectTimestamp(value, timestamp, { origin, row })
          dropped.add(row)
          continue
        }
        timestamps[row] = timestamp
        if (isCatchingUp && timestamp <= passed) this.counters.lateAfterIdleness.add()
        if (timestamp > limit) {
          this.counters.ahead.add()
        } else if (generator.onRecord(value, timestamp)) {
          this.output.emitBatch(rowsOf(values, timestamps, { start, end: row + 1, dropped, origin }))
          this.emitAll(this.watermarks.afterRecords(open.input))
          start = row + 1
        }
      }
    } catch (error) {
      const { nodeId } = this.options
      const failure = userError(error, { operatorId: nodeId, call: 'the function of its watermark strategy' })
      throw withOperatorId(failure, nodeId, origin.describe(row))
    }
    this.output.emitBatch(rowsOf(values, timestamps, { start, end: values.length, dropped, origin }))
  }

  /** Follows the source's policy for malformed records. @throws TidemarkError TIMESTAMP_INVALID under `fail` */
  private rejectTimestamp(value: unknown, found: unknown, at: { origin: Origin; row: number }): void {
    const { onMalformed, nodeId, malformedPort, environment } = this.options
    const problem = timestampInvalid(found)
    if (onMalformed === 'fail' || isPromise(found)) throw problem
    if (onMalformed === 'skip') {
      this.counters.skipped.add()
      return
    }
    this.counters.rejected.add()
    const letter: DeadLetter = {
      operatorId: nodeId,
      split: at.origin.split,
      offset: String(at.origin.offsetOf(at.row) ?? `record ${at.row} of its batch`),
      code: problem.code,
      message: problem.message,
      raw: new TextEncoder().encode(textOf(value)),
      isPart: false,
      arrivedAt: undefined,
      partitionKey: undefined,
      explicitHashKey: undefined,
      rejectedAt: environment.clock.now(),
    }
    this.output.emitTo(malformedPort, letter, environment.clock.now())
  }

  private emitAll(elements: readonly Element[]): boolean {
    for (const element of elements) this.output.broadcast(element)
    if (elements.length > 0) this.output.flush()
    return elements.length > 0
  }

  private end(): boolean {
    this.ended = true
    // The maximum watermark of an idle input would not count.
    if (this.watermarks.isIdle) this.output.broadcast({ kind: 'idleness', idle: false })
    this.output.broadcast({ kind: 'watermark', timestamp: MAX_WATERMARK })
    this.output.broadcast({ kind: 'end' })
    this.output.flush()
    this.options.onEnd()
    return true
  }

  private guard<R>(open: OpenSplit, reader: SplitReader<unknown>, call: (reader: SplitReader<unknown>) => R): R {
    try {
      return call(reader)
    } catch (error) {
      throw this.named(error, open)
    }
  }

  private named(thrown: unknown, { split }: OpenSplit): unknown {
    return withOperatorId(thrown, this.options.nodeId, `split ${split.id}`)
  }
}
