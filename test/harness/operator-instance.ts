import { AssertionError } from 'node:assert'
import { decode, encode } from '../../core/codec/index.js'
import type { Logger } from '../../core/context.js'
import { type Batch, MAX_WATERMARK, MIN_WATERMARK } from '../../core/element.js'
import type { Operator, OperatorContext } from '../../core/operators/operator.js'
import { keyGroupRange } from '../../core/state/key-groups.js'
import { type OperatorStateSnapshot, redistributeOperatorState } from '../../core/state/operator-state.js'
import { RestoredOperatorState } from '../../core/state/restored-operator-state.js'
import { BoundedOutput } from './bounded-output.js'
import type { HarnessEnvironment } from './environment.js'
import type { Emitted } from './input.js'
import { InstanceState } from './instance-state.js'
import type { HarnessMetrics } from './metrics.js'
import { type OperatorSnapshot, restoredWatermarks } from './snapshot.js'

export interface InstanceOptions {
  readonly operator: Operator
  readonly index: number
  readonly parallelism: number
  readonly maxParallelism: number
  readonly sideOutputs: readonly string[]
  readonly environment: HarnessEnvironment
  readonly metrics: HarnessMetrics
  readonly parameters: Readonly<Record<string, unknown>>
  readonly restored: OperatorSnapshot
  /** Rows of each port; all instances of a case may write into the same. */
  readonly ports: readonly Emitted<unknown>[][]
  /** Rows that the output holds before it is full. */
  readonly capacity: number
  /** Whether every second call finds the output full from the start. */
  readonly isClosedEverySecondCall: boolean
}

/** A snapshot as of a barrier, being written while the instance may go on. */
export interface InstanceCheckpoint {
  /** Writes on until the time is up; true: everything is written. */
  work(isTimeUp: () => boolean): boolean
  /** Writes the rest, and the checkpoint counts. */
  complete(): OperatorSnapshot
  abort(): void
}

const CALLS_WITHOUT_ROWS = 100_000
/** Of the event loop, for what an operator waits for. */
const TURNS_OUTSIDE = 10_000
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** One subtask's operator, called as the engine calls it, and watched for breaches of its contract. */
export class OperatorInstance {
  private readonly options: InstanceOptions
  private readonly operator: Operator
  private readonly output: BoundedOutput
  private readonly state: InstanceState
  private readonly context: OperatorContext
  private requestedAt = Number.POSITIVE_INFINITY
  private isAwake = false
  private calls = 0
  private watermark: number
  private lastForwarded = MIN_WATERMARK

  constructor(options: InstanceOptions) {
    this.options = options
    this.operator = options.operator
    this.output = new BoundedOutput(options.ports, options.capacity)
    const { index, parallelism, maxParallelism, restored } = options
    const range = keyGroupRange(index, parallelism, maxParallelism)
    const { clock } = options.environment
    this.state = new InstanceState({ operatorId: 'under-test', range, clock, metrics: options.metrics })
    const watermarks = restoredWatermarks(restored, range)
    this.watermark = watermarks.minimum
    const stored = restored.operatorState.map((bytes) => decode(bytes) as readonly OperatorStateSnapshot[])
    const states = redistributeOperatorState(stored, index, parallelism)
    const operatorState = new RestoredOperatorState('under-test', states)
    this.context = {
      operatorId: 'under-test',
      subtask: { index, parallelism },
      logger: SILENT,
      metrics: options.metrics,
      parameters: options.parameters,
      signal: new AbortController().signal,
      environment: options.environment,
      // As in a job: -1 where nobody reads it.
      portOf: (name) => options.sideOutputs.indexOf(name) + 1 || -1,
      keyGroups: range,
      maxParallelism,
      keyedState: this.state.keyed,
      restoredWatermarks: watermarks,
      restoredOperatorState: (name, mode) => operatorState.take(name, mode),
      requestProcessingTime: (timestamp) => {
        this.requestedAt = Math.min(this.requestedAt, timestamp)
      },
      wake: () => {
        this.isAwake = true
      },
      forward: (element) => {
        if (element.kind === 'watermark') this.forwarded(element.timestamp)
      },
      // No checkpoint is triggered before the element in front of it is worked on.
      isBarrierAwaited: false,
    }
  }

  async open(): Promise<void> {
    await this.operator.open?.(this.context)
    this.state.restore(this.options.restored.objects)
    this.operator.onRestored?.()
  }

  async send(batch: Batch, input: number): Promise<void> {
    let from = 0
    await this.drive('process', () => {
      const next = this.operator.process(batch, from, this.output, input)
      if (!Number.isInteger(next) || next < from || next > batch.length) {
        this.fail(`process(from ${from}) returned ${next} for a batch of ${batch.length} rows`)
      }
      from = next
      return next === batch.length
    })
    this.state.keyed.trim()
  }

  async advanceWatermark(watermark: number): Promise<void> {
    if (watermark <= this.watermark) return
    if (this.operator.hold) {
      this.operator.hold({ kind: 'watermark', timestamp: watermark })
      return this.drive('onWake', () => this.lastForwarded >= watermark)
    }
    await this.drive('onWatermark', () => this.operator.onWatermark?.(watermark, this.output) ?? true)
    this.forwarded(watermark)
  }

  /** The clock has moved. */
  async passTime(now: number): Promise<void> {
    while (this.requestedAt <= now) {
      this.requestedAt = Number.POSITIVE_INFINITY
      await this.drive('onProcessingTime', () => this.operator.onProcessingTime?.(now, this.output) ?? true)
    }
  }

  async end(): Promise<void> {
    await this.drive('onEnd', () => this.operator.onEnd?.(this.output) ?? true)
  }

  /** At a barrier. What follows is not part of it. */
  async begin(kind: 'checkpoint' | 'savepoint'): Promise<InstanceCheckpoint> {
    const isSavepoint = kind === 'savepoint'
    const barrier = { checkpointId: 1, triggeredAt: this.options.environment.clock.now(), isSavepoint }
    await this.operator.beforeSnapshot?.(barrier)
    const watermarks = new Map<number, number>()
    const { keyGroups, restoredWatermarks: restored } = this.context
    for (let group = keyGroups.first; group < keyGroups.end; group++) {
      watermarks.set(group, Math.max(this.watermark, restored.floorOf(group)))
    }
    const operatorState = [encode(this.operator.snapshotOperatorState?.(barrier) ?? [])]
    const state = this.state.begin(isSavepoint)
    return {
      work: (isTimeUp) => state.work(isTimeUp),
      complete: () => ({ objects: state.complete(), watermarks, operatorState }),
      abort: () => state.abort(),
    }
  }

  /** A checkpoint, written at once and confirmed. */
  async snapshot(): Promise<OperatorSnapshot> {
    const checkpoint = await this.begin('checkpoint')
    return checkpoint.complete()
  }

  async close(): Promise<void> {
    await this.operator.close?.()
  }

  private forwarded(watermark: number): void {
    this.lastForwarded = watermark
    // The end of the input is never stored.
    if (watermark !== MAX_WATERMARK) this.watermark = watermark
  }

  /** Calls until the step is done. An operator that waits for something outside is called again when that has come. */
  private async drive(call: string, step: () => boolean): Promise<void> {
    let idleCalls = 0
    for (;;) {
      this.workOnWake()
      if (this.call(call, step)) return
      if (!this.output.wasFull && !this.isAwake) {
        if (!this.operator.onWake) {
          this.fail(`${call} returned unfinished with room in the output, and did not ask to be woken`)
        }
        await this.untilAwake(call)
      }
      idleCalls = this.output.rowsInCall > 0 ? 0 : idleCalls + 1
      if (idleCalls > CALLS_WITHOUT_ROWS) this.fail(`${call} was called ${idleCalls} times and emitted nothing`)
    }
  }

  private workOnWake(): void {
    while (this.operator.onWake && this.isAwake) {
      this.isAwake = false
      if (!this.call('onWake', () => this.operator.onWake?.(this.output) ?? true)) this.isAwake = true
    }
  }

  private call(call: string, step: () => boolean): boolean {
    const isClosed = this.options.isClosedEverySecondCall && this.calls++ % 2 === 0
    this.output.beginCall(isClosed)
    if (!this.operator.onWake) this.isAwake = false
    const isDone = step()
    if (isClosed && this.output.rowsInCall > 0) {
      this.fail(`${call} emitted into an output that was full before the call`)
    }
    return isDone
  }

  private async untilAwake(call: string): Promise<void> {
    for (let turn = 0; turn < TURNS_OUTSIDE; turn++) {
      if (this.isAwake) return
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.fail(`${call} returned unfinished, and nothing woke the operator`)
  }

  private fail(message: string): never {
    throw new AssertionError({ message: `operator contract: ${message}` })
  }
}
