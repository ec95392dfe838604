import type { DeadLetter, MalformedPolicy, Polled, Split, SplitReader } from '../../core/connector.js'
import type { Counter, Metrics } from '../../core/context.js'
import { type Barrier, Batch, type Element, MAX_WATERMARK } from '../../core/element.js'
import type { Environment } from '../../core/environment.js'
import { userError } from '../../core/operators/user-error.js'
import { Origin } from '../../core/origin.js'
import { isPromise } from '../../core/promises.js'
import { isTimestamp, timestampInvalid } from '../../core/time/timestamp.js'
import type { WatermarkStrategy } from '../../core/time/watermark-strategy.js'
import type { OutputBuffer } from './output-buffer.js'
import { SplitWatermarks } from './split-watermarks.js'
import { encodeStates, type TaskStage, withOperatorId } from './stage.js'
import type { StageSnapshot } from './stage-snapshot.js'

/** The name of a source's state, part of the savepoint. */
const SPLITS = 'splits'

/** A split as a checkpoint stores it. */
export interface AssignedSplit {
  readonly split: Split
  /** Of the split's generator; MIN_WATERMARK at first. */
  readonly watermark: number
  readonly finished: boolean
}

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
  /** Input of the coalescer. */
  readonly input: number
}

/** Rows taken from a reader at once: small enough to keep a slice short, large enough to make a batch worth it. */
const POLL_ROWS = 512

/** Head of a source task: polls the readers of its splits in turn, and makes timestamps and watermarks. */
export class SourceStage implements TaskStage {
  readonly output: OutputBuffer
  readonly isSnapshotting = false
  private readonly options: SourceStageOptions
  private readonly splits: OpenSplit[] = []
  private readonly watermarks: SplitWatermarks
  /** Each with how many splits there were when it was triggered: later ones the enumerator's snapshot does not know. */
  private barriers: { readonly barrier: Barrier; readonly splits: number }[] = []
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

  /** Takes part in the next checkpoint from here on, whether its reader is open yet or not. */
  assign(assigned: AssignedSplit): void {
    const input = this.watermarks.add(assigned.split.id, assigned.watermark, assigned.finished)
    const { split, finished } = assigned
    const open: OpenSplit = { split, reader: undefined, finished, endedByDrain: false, input }
    this.splits.push(open)
    if (!finished) void this.open(open)
    // From here on it holds the watermark, though its reader opens later.
    this.options.wake()
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
    this.barriers.push({ barrier, splits: this.splits.length })
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
      this.snapshot(barrier.barrier, barrier.splits)
      return true
    }
    if (!this.started || this.holding || this.ended) return false
    if (this.drain === 'now') return this.end()
    if (this.pollOne()) return true
    if ((this.allAssigned || this.drain === 'atTip') && this.splits.every(({ finished }) => finished)) return this.end()
    return this.emitAll(this.watermarks.onQuiet((input) => this.splits[input]?.reader?.caughtUp === true))
  }

  /** Closes all readers, and then rejects with what the first of them threw. */
  async close(): Promise<void> {
    this.closed = true
    this.watermarks.close()
    const closing = this.splits.map(async ({ reader }) => reader?.close())
    const failed = (await Promise.allSettled(closing)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  private async open(open: OpenSplit): Promise<void> {
    try {
      const reader = await this.options.openReader(open.split)
      if (this.closed) return void (await reader.close())
      if (this.drain === 'atTip') reader.endAtTip?.()
      open.reader = reader
      this.options.wake()
    } catch (error) {
      this.options.onFailure(this.named(error, open))
    }
  }

  private snapshot(barrier: Barrier, count: number): void {
    const splits = this.splits.slice(0, count).map((open): AssignedSplit => {
      const split = open.reader ? this.guard(open, open.reader, (reader) => reader.position()) : open.split
      const finished = open.finished && !open.endedByDrain
      return { split, watermark: this.watermarks.watermarkOf(open.input), finished }
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
      if (open.finished || !open.reader) continue
      const { reader } = open
      const polled = this.guard(open, reader, () => reader.poll(POLL_ROWS))
      if (polled) this.emit(open, polled)
      const isAtTip = this.drain === 'atTip' && !reader.endAtTip && !polled && reader.caughtUp
      if (reader.finished || isAtTip) {
        open.finished = true
        open.endedByDrain = this.drain === 'atTip'
        open.split = this.guard(open, reader, () => reader.position())
        this.emitAll(this.watermarks.finish(open.input))
      }
      if (polled) return true
    }
    return false
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
    const { strategy } = this.options
    const origin = Origin.ofPoll(open.split.id, offsets)
    const timestampOf = strategy.timestamp
    const generator = this.watermarks.generatorOf(open.input)
    const limit = this.watermarks.skewLimit()
    const timestamps = given && !timestampOf ? given : new Array<number>(values.length)
    const isCatchingUp = this.watermarks.isCatchingUp(open.input)
    const { emitted } = this.watermarks
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
        if (isCatchingUp && timestamp <= emitted) this.counters.lateAfterIdleness.add()
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

  private named(thrown: unknown, open: OpenSplit): unknown {
    return withOperatorId(thrown, this.options.nodeId, `split ${open.split.id}`)
  }
}

interface RowRange {
  readonly start: number
  readonly end: number
  readonly dropped: ReadonlySet<number>
  /** Of all rows. */
  readonly origin: Origin
}

function rowsOf(values: unknown[], timestamps: number[], { start, end, dropped, origin }: RowRange): Batch {
  if (dropped.size === 0) {
    if (start === 0 && end === values.length) return new Batch(values, timestamps, undefined, undefined, origin)
    return new Batch(values.slice(start, end), timestamps.slice(start, end), undefined, undefined, origin.from(start))
  }
  const kept = (_: unknown, index: number): boolean => !dropped.has(start + index)
  const offsets = origin.offsets?.slice(start, end).filter(kept)
  const rest = Origin.ofPoll(origin.split, offsets)
  return new Batch(
    values.slice(start, end).filter(kept),
    timestamps.slice(start, end).filter(kept),
    undefined,
    undefined,
    rest,
  )
}

/** The value as JSON: its bytes are gone once it is decoded. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
