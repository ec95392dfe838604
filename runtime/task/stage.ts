import { floorsAbove } from '../../core/checkpoint/redistribute.js'
import { type Batch, type Element, MAX_WATERMARK } from '../../core/element.js'
import type { Environment } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { Operator } from '../../core/operators/operator.js'
import type { KeyGroupRange } from '../../core/state/backend.js'
import type { Outlet, OutputBuffer } from './output-buffer.js'
import type { StageSnapshot } from './stage-snapshot.js'

/** Keyed state of a stage, as far as a snapshot is concerned. */
export interface GroupEncoder {
  encodeGroup(group: number): Uint8Array | undefined
}

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
  readonly keyedState: () => GroupEncoder | undefined
  /** Committables of a sink, collected by `beforeSnapshot`. */
  readonly committables?: () => readonly unknown[]
  readonly onSnapshot: (checkpointId: number, snapshot: StageSnapshot) => void
  readonly onFailure: (error: unknown) => void
  readonly wake: () => void
}

/** One link of a task: takes elements one at a time and works on each until it is done or the output is full. */
export interface TaskStage {
  readonly output: OutputBuffer
  /** A promise holds the current barrier. */
  readonly isSnapshotting: boolean
  /** Does a bounded amount of work. False: nothing could be done; somebody will wake the task. */
  work(): boolean
}

/** How long a stage encodes key groups before it gives way, in milliseconds. */
const SNAPSHOT_SLICE_MS = 5

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
  private snapshot: SnapshotInProgress | undefined

  constructor(options: StageOptions) {
    this.options = options
    this.output = options.output
    this.watermark = options.restoredWatermark
  }

  get hasRoom(): boolean {
    return this.current === undefined
  }

  get isSnapshotting(): boolean {
    return this.snapshot !== undefined
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
    if (!this.output.flush()) return false
    // Only between elements: one that was begun is finished first.
    if (this.processingTimeDue && !this.begun) return this.workOnProcessingTime()
    const element = this.current
    if (element === undefined) return false
    switch (element.kind) {
      case 'batch':
        return this.workOnBatch(element.batch)
      case 'watermark':
        return this.workOnWatermark(element.timestamp)
      case 'barrier':
        return this.workOnBarrier(element)
      case 'end':
        return this.workOnEnd(element)
      case 'idleness':
        this.forward(element)
        return true
    }
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
    if (this.snapshot === undefined) {
      this.snapshot = { waiting: false, group: this.options.range.first, groups: [] }
      const before = this.guard(() => operator.beforeSnapshot?.(element.barrier))
      if (before) {
        const inProgress = this.snapshot
        inProgress.waiting = true
        before.then(() => {
          inProgress.waiting = false
          wake()
        }, onFailure)
      }
      return true
    }
    if (this.snapshot.waiting) return false
    if (!this.encodeGroups(this.snapshot)) return true
    const { groups } = this.snapshot
    this.snapshot = undefined
    this.options.onSnapshot(element.barrier.checkpointId, {
      nodeId: this.options.nodeId,
      watermark: this.watermark,
      floors: floorsAbove(this.options.range, this.watermark, this.options.restoredWatermarkOf),
      range: this.options.range,
      groups,
      list: this.guard(() => operator.snapshotList?.(element.barrier) ?? []),
      committables: this.options.committables?.() ?? [],
    })
    this.forward(element)
    return true
  }

  /** Encodes until the slice ends; true when all groups are done. Nothing else of the stage runs in between. */
  private encodeGroups(progress: SnapshotInProgress): boolean {
    const state = this.options.keyedState()
    if (!state) return true
    const { clock } = this.options.environment
    const until = clock.monotonic() + SNAPSHOT_SLICE_MS
    for (; progress.group < this.options.range.end; progress.group++) {
      if (clock.monotonic() > until) return false
      const data = this.guard(() => state.encodeGroup(progress.group))
      if (data) progress.groups.push([progress.group, data])
    }
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

interface SnapshotInProgress {
  waiting: boolean
  group: number
  readonly groups: [number, Uint8Array][]
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
