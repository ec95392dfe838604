import { AssertionError } from 'node:assert'
import { decode, encode } from '../../core/codec/index.js'
import type { Logger } from '../../core/context.js'
import { type Batch, MAX_WATERMARK } from '../../core/element.js'
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
      portOf: (name) => options.sideOutputs.indexOf(name) + 1,
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
    }
  }

  async open(): Promise<void> {
    await this.operator.open?.(this.context)
    this.state.restore(this.options.restored.objects)
    this.operator.onRestored?.()
  }

  send(batch: Batch, input: number): void {
    let from = 0
    this.drive('process', () => {
      const next = this.operator.process(batch, from, this.output, input)
      if (!Number.isInteger(next) || next < from || next > batch.length) {
        this.fail(`process(from ${from}) returned ${next} for a batch of ${batch.length} rows`)
      }
      from = next
      return next === batch.length
    })
    this.state.keyed.trim()
  }

  advanceWatermark(watermark: number): void {
    if (watermark <= this.watermark) return
    this.drive('onWatermark', () => this.operator.onWatermark?.(watermark, this.output) ?? true)
    // The end of the input is never stored.
    if (watermark !== MAX_WATERMARK) this.watermark = watermark
  }

  /** The clock has moved. */
  passTime(now: number): void {
    while (this.requestedAt <= now) {
      this.requestedAt = Number.POSITIVE_INFINITY
      this.drive('onProcessingTime', () => this.operator.onProcessingTime?.(now, this.output) ?? true)
    }
  }

  end(): void {
    this.drive('onEnd', () => this.operator.onEnd?.(this.output) ?? true)
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

  private drive(call: string, step: () => boolean): void {
    let idleCalls = 0
    for (;;) {
      const isClosed = this.options.isClosedEverySecondCall && this.calls++ % 2 === 0
      this.output.beginCall(isClosed)
      this.isAwake = false
      const isDone = step()
      if (isClosed && this.output.rowsInCall > 0)
        this.fail(`${call} emitted into an output that was full before the call`)
      if (isDone) return
      if (!this.output.wasFull && !this.isAwake) {
        this.fail(`${call} returned unfinished with room in the output, and did not ask to be woken`)
      }
      idleCalls = this.output.rowsInCall > 0 ? 0 : idleCalls + 1
      if (idleCalls > CALLS_WITHOUT_ROWS) this.fail(`${call} was called ${idleCalls} times and emitted nothing`)
    }
  }

  private fail(message: string): never {
    throw new AssertionError({ message: `operator contract: ${message}` })
  }
}
