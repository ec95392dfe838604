import type { ObjectRef } from '../../core/checkpoint/manifest.js'
import { floorsAbove } from '../../core/checkpoint/redistribute.js'
import { encode } from '../../core/codec/index.js'
import { type Barrier, type Batch, type Element, MAX_WATERMARK } from '../../core/element.js'
import type { Environment } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { HeldElement, Operator } from '../../core/operators/operator.js'
import type { KeyGroupRange } from '../../core/state/backend.js'
import type { KeyedState } from '../../core/state/keyed-state.js'
import type { OperatorStateSnapshot } from '../../core/state/operator-state.js'
import { KeyedWriting, SLICE_MS } from './keyed-writing.js'
import type { Outlet, OutputBuffer } from './output-buffer.js'
import type { EncodedOperatorState, StageSnapshot } from './stage-snapshot.js'

export interface StageOptions {
  readonly nodeId: string
  readonly operator: Operator
  readonly output: OutputBuffer
  readonly environment: Environment
  readonly range: KeyGroupRange
  readonly restoredWatermark: number
  /** Of a key group: at least that. */
  readonly restoredWatermarkOf: (group: number) => number
  /** Undefined while the operator has no keyed state. */
  readonly keyedState: () => KeyedState | undefined
  /** Makes an object of keyed state durable. */
  readonly upload: (object: Uint8Array, of: { readonly barrier: Barrier; readonly part: number }) => Promise<ObjectRef>
  /** Committables of a sink, collected by `beforeSnapshot`. */
  readonly committables?: () => readonly unknown[]
  readonly onSnapshot: (checkpointId: number, snapshot: StageSnapshot) => void
  /** A checkpoint cannot be completed; the job may go on. */
  readonly onSnapshotFailure: (checkpointId: number, error: unknown) => void
  readonly onFailure: (error: unknown) => void
  readonly wake: () => void
}

/** One link of a task: takes elements one at a time and works on each until it is done or the output is full. */
export interface TaskStage {
  readonly output: OutputBuffer
  /** A promise holds the current barrier, or state is being written. */
  readonly isSnapshotting: boolean
  /** Does a bounded amount of work. False: nothing could be done; somebody will wake the task. */
  work(): boolean
}

export class Stage implements TaskStage, Outlet {
  readonly output: OutputBuffer
  private readonly options: StageOptions
  private current: Element | undefined
  private input = 0
  private from = 0
  /** Work on `current` has started. */
  private begun = false
  private watermark: number
  private rows = 0
  /** Wall-clock time of an outstanding request; `due` once its timer fired. */
  private processingTimeAt = Number.POSITIVE_INFINITY
  private processingTimeDue = false
  private cancelTimer: (() => void) | undefined
  private inProcessingTime = false
  private timersStopped = false
  /** What the operator does before its snapshot, while it holds the barrier. */
  private before: 'waiting' | 'done' | undefined
  private writing: WritingInProgress | undefined
  private nextSliceAt = 0
  private highestCancelled = 0
  private highestTriggered = 0
  private highestPassed = 0
  /** The operator asked for a call of `onWake`. */
  private isWoken = false

  constructor(options: StageOptions) {
    this.options = options
    this.output = options.output
    this.watermark = options.restoredWatermark
  }

  get hasRoom(): boolean {
    return this.current === undefined
  }

  get isSnapshotting(): boolean {
    return this.before !== undefined || this.writing !== undefined
  }

  get rowsReceived(): number {
    return this.rows
  }

  get currentWatermark(): number {
    return this.watermark
  }

  send(element: Element, input = 0): void {
    this.current = element
    this.input = input
    this.from = 0
    if (element.kind === 'batch') this.rows += element.batch.length
  }

  /** See OperatorContext.wake. */
  wakeOperator(): void {
    this.isWoken = true
    this.options.wake()
  }

  /** See OperatorContext.isBarrierAwaited. */
  get isBarrierAwaited(): boolean {
    return this.highestTriggered > Math.max(this.highestPassed, this.highestCancelled)
  }

  checkpointTriggered(checkpointId: number): void {
    this.highestTriggered = Math.max(this.highestTriggered, checkpointId)
  }

  /** See OperatorContext.forward. */
  forwardHeld(element: HeldElement): void {
    if (element.kind === 'watermark' && element.timestamp !== MAX_WATERMARK) this.watermark = element.timestamp
    this.output.broadcast(element)
  }

  /** See OperatorContext.requestProcessingTime. */
  requestProcessingTime(timestamp: number): void {
    if (this.timersStopped || !(timestamp < this.processingTimeAt)) return
    this.processingTimeAt = timestamp
    this.awaitProcessingTime()
  }

  private awaitProcessingTime(): void {
    this.cancelTimer?.()
    const { environment, wake } = this.options
    const { timers, clock } = environment
    this.cancelTimer = timers.after(Math.max(0, this.processingTimeAt - clock.now()), () => {
      // A timer counts monotonic time: the wall clock may be behind it.
      if (clock.now() < this.processingTimeAt) return this.awaitProcessingTime()
      this.processingTimeDue = true
      wake()
    })
  }

  work(): boolean {
    const progressed = this.workOnElementAndSnapshot()
    // Nobody holds anything of the state now.
    if (progressed) this.options.keyedState()?.trim()
    return progressed
  }

  private workOnElementAndSnapshot(): boolean {
    const progressed = this.workOnElement()
    if (this.writing === undefined) return progressed
    // Records and state get equal shares of the time.
    const { clock } = this.options.environment
    if (progressed && clock.monotonic() < this.nextSliceAt) return true
    const isWriting = this.workOnSnapshot(this.writing)
    this.nextSliceAt = clock.monotonic() + SLICE_MS
    return progressed || isWriting
  }

  /** Nothing of the checkpoint is needed any more; what changed since the one before belongs to the next. */
  cancelCheckpoint(checkpointId: number): void {
    this.highestCancelled = Math.max(this.highestCancelled, checkpointId)
    if (this.writing?.barrier.checkpointId === checkpointId) {
      this.writing.keyed.abandon()
      this.writing = undefined
    }
    this.options.keyedState()?.checkpointAborted(checkpointId)
  }

  checkpointCompleted(checkpointId: number): void {
    this.options.keyedState()?.checkpointCompleted(checkpointId)
  }

  private workOnElement(): boolean {
    if (!this.output.flush()) return false
    if (this.isWoken && this.workOnWake()) return true
    // Only between elements: one that was begun is finished first.
    if (this.processingTimeDue && !this.begun) return this.workOnProcessingTime()
    const element = this.current
    if (element === undefined) return false
    switch (element.kind) {
      case 'batch':
        return this.workOnBatch(element.batch)
      case 'watermark':
        return this.options.operator.hold ? this.hand(element) : this.workOnWatermark(element.timestamp)
      case 'barrier':
        return this.workOnBarrier(element)
      case 'end':
        return this.workOnEnd(element)
      case 'idleness':
        if (this.options.operator.hold) return this.hand(element)
        this.forward(element)
        return true
    }
  }

  /** The element is the operator's from here on. */
  private hand(element: HeldElement): true {
    this.guard(() => this.options.operator.hold?.(element))
    this.done()
    this.output.flush()
    return true
  }

  /** True when something was emitted. */
  private workOnWake(): boolean {
    const { operator } = this.options
    this.isWoken = false
    if (!this.guard(() => operator.onWake?.(this.output) ?? true)) this.isWoken = true
    return this.flushed()
  }

  /** No call for processing time comes any more: pending timers do not fire at the end of input. */
  stopTimers(): void {
    this.timersStopped = true
    this.processingTimeDue = false
    this.cancelTimer?.()
  }

  private workOnProcessingTime(): boolean {
    const { operator, environment } = this.options
    if (!this.inProcessingTime) {
      this.inProcessingTime = true
      this.processingTimeAt = Number.POSITIVE_INFINITY
    }
    const now = environment.clock.now()
    const done = this.guard(() => operator.onProcessingTime?.(now, this.output) ?? true)
    if (done) {
      this.inProcessingTime = false
      this.processingTimeDue = this.processingTimeAt <= now
    }
    this.output.flush()
    return true
  }

  private workOnBatch(batch: Batch): boolean {
    this.begun = true
    const from = this.from
    const next = this.guard(() => this.options.operator.process(batch, from, this.output, this.input))
    if (next >= batch.length) this.done()
    else this.from = next
    return this.flushed() || next > from
  }

  private workOnWatermark(watermark: number): boolean {
    this.begun = true
    const { operator } = this.options
    if (operator.onWatermark && !this.guard(() => operator.onWatermark?.(watermark, this.output) ?? true)) {
      return this.flushed()
    }
    if (watermark !== MAX_WATERMARK) this.watermark = watermark
    this.forward({ kind: 'watermark', timestamp: watermark })
    return true
  }

  private workOnEnd(element: Element): boolean {
    this.begun = true
    this.stopTimers()
    const { operator } = this.options
    if (operator.onEnd && !this.guard(() => operator.onEnd?.(this.output) ?? true)) {
      return this.flushed()
    }
    this.forward(element)
    return true
  }

  private workOnBarrier(element: Element & { kind: 'barrier' }): boolean {
    this.begun = true
    const { operator, onFailure, wake } = this.options
    const { checkpointId } = element.barrier
    this.highestPassed = Math.max(this.highestPassed, checkpointId)
    if (this.before === undefined) {
      if (checkpointId <= this.highestCancelled) return this.drop()
      this.before = 'done'
      const before = this.guard(() => operator.beforeSnapshot?.(element.barrier))
      if (before) {
        this.before = 'waiting'
        before.then(() => {
          this.before = 'done'
          wake()
        }, onFailure)
      }
      return true
    }
    if (this.before === 'waiting') return false
    this.before = undefined
    // Nobody collects it any more, and what it would write nobody would remove.
    if (checkpointId <= this.highestCancelled) return this.drop()
    this.beginSnapshot(element.barrier)
    this.forward(element)
    return true
  }

  /** A barrier that comes too late; whoever is further on has been told too. */
  private drop(): true {
    this.done()
    return true
  }

  /** Takes what is small at once; keyed state is set aside, and written while records flow again. */
  private beginSnapshot(barrier: Barrier): void {
    const { operator, range, restoredWatermarkOf } = this.options
    const contribution = {
      nodeId: this.options.nodeId,
      watermark: this.watermark,
      floors: floorsAbove(range, this.watermark, restoredWatermarkOf),
      range,
      operatorState: this.guard(() => encodeStates(operator.snapshotOperatorState?.(barrier) ?? [])),
      committables: this.options.committables?.() ?? [],
    }
    const state = this.options.keyedState()
    if (state === undefined) {
      this.options.onSnapshot(barrier.checkpointId, { ...contribution, objects: [], needed: [] })
      return
    }
    if (this.writing !== undefined) this.cancelCheckpoint(this.writing.barrier.checkpointId)
    const { checkpointId, isSavepoint = false } = barrier
    const keyed = new KeyedWriting(state.snapshot({ checkpointId, isSavepoint }), {
      clock: this.options.environment.clock,
      upload: (object, part) => this.options.upload(object, { barrier, part }),
      onUploaded: this.options.wake,
      onFailure: (error) => this.options.onSnapshotFailure(checkpointId, error),
    })
    this.writing = { barrier, contribution, keyed }
  }

  private workOnSnapshot(writing: WritingInProgress): boolean {
    const { barrier, contribution, keyed } = writing
    const progressed = this.guard(() => keyed.work())
    const objects = keyed.uploaded
    if (objects === undefined) return progressed
    this.writing = undefined
    this.options.onSnapshot(barrier.checkpointId, { ...contribution, objects, needed: [...keyed.snapshot.needed] })
    return true
  }

  /** Hands on what was emitted; false when there was nothing. */
  private flushed(): boolean {
    const emitted = !this.output.isEmpty
    this.output.flush()
    return emitted
  }

  private forward(element: Element): void {
    this.done()
    this.output.broadcast(element)
    this.output.flush()
  }

  private done(): void {
    this.current = undefined
    this.from = 0
    this.begun = false
  }

  private guard<R>(call: () => R): R {
    try {
      return call()
    } catch (error) {
      throw withOperatorId(error, this.options.nodeId)
    }
  }
}

export function encodeStates(states: readonly OperatorStateSnapshot[]): EncodedOperatorState[] {
  return states.map(({ name, mode, entries }) => ({ name, mode, entries: encode(entries) }))
}

interface WritingInProgress {
  readonly barrier: Barrier
  readonly contribution: Omit<StageSnapshot, 'objects' | 'needed'>
  readonly keyed: KeyedWriting
}

/** Names the operator, and where it is known the record, in whatever was thrown. */
export function withOperatorId(thrown: unknown, operatorId: string, recordLocation?: string): TidemarkError {
  const known = thrown instanceof TidemarkError ? thrown : undefined
  if (known?.operatorId !== undefined && (known.location !== undefined || recordLocation === undefined)) return known
  const location = known?.location ?? recordLocation
  const where = recordLocation === undefined ? '' : ` (${recordLocation})`
  return new TidemarkError({
    code: known?.code ?? 'OPERATOR_FAILED',
    domain: known?.domain ?? 'user',
    message:
      known === undefined
        ? `operator '${operatorId}' threw: ${messageOf(thrown)}${where}`
        : `${known.operatorId === undefined ? `operator '${operatorId}': ` : ''}${known.message}${where}`,
    operatorId,
    // What a user's code throws may depend on the outside: worth the restart strategy's attempts.
    retryable: known?.retryable ?? true,
    ...(location === undefined ? {} : { location }),
    cause: known?.cause ?? thrown,
  })
}
