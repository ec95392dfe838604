import { decode } from '../../../../core/codec/index.js'
import { Batch, type Element } from '../../../../core/element.js'
import type { AsyncFunction, AsyncOptions } from '../../../../core/operators/async/async-function.js'
import { mapAsyncOperator } from '../../../../core/operators/async/async-operator.js'
import { asyncSettings } from '../../../../core/operators/async/async-settings.js'
import { CallGuard } from '../../../../core/operators/guard/call-guard.js'
import { errorPolicyOf } from '../../../../core/operators/guard/error-policy.js'
import { guardedOperator } from '../../../../core/operators/guard/guarded-operator.js'
import type { Operator, OperatorContext } from '../../../../core/operators/operator.js'
import { Origin } from '../../../../core/origin.js'
import type { KeyedStateBackend } from '../../../../core/state/backend.js'
import type { OperatorStateSnapshot } from '../../../../core/state/operator-state.js'
import { type VirtualEnvironment, virtualEnvironment } from '../../../../runtime/environment/virtual.js'
import { OutputBuffer } from '../../../../runtime/task/output-buffer.js'
import type { Stage } from '../../../../runtime/task/stage.js'
import { HarnessMetrics } from '../../../harness/metrics.js'
import { loneStage } from '../../../runtime/fixture/lone-stage.js'

export interface LoneOptions {
  readonly environment?: VirtualEnvironment
  readonly restored?: readonly OperatorStateSnapshot[]
  readonly watermark?: number
}

/** An async step in a stage of its own, on virtual time. */
export class LoneAsync {
  readonly environment: VirtualEnvironment
  readonly metrics = new HarnessMetrics()
  /** What has come out: values, and `W` with a watermark. */
  readonly out: (number | string)[] = []
  readonly timestamps: number[] = []
  readonly abort = new AbortController()
  readonly stage: Stage
  snapshot: { readonly states: readonly OperatorStateSnapshot[]; readonly watermark: number } | undefined
  private readonly operator: Operator
  private readonly queue: Element[] = []
  private checkpoints = 0

  private constructor(operator: Operator, options: LoneOptions) {
    this.operator = operator
    this.environment = options.environment ?? virtualEnvironment()
    const outlet = { hasRoom: true, send: (element: Element) => this.take(element) }
    this.stage = loneStage({
      operator,
      environment: this.environment,
      restoredWatermark: options.watermark ?? 0,
      output: new OutputBuffer({ operatorId: 'service', outlets: [[outlet]], capacity: 2, overflowLimit: 2 }),
      onSnapshot: (_id, { operatorState, watermark }) => {
        const states = operatorState.map((state) => ({ ...state, entries: decode(state.entries) as unknown[] }))
        this.snapshot = { states, watermark }
      },
    })
  }

  static async open(
    fn: AsyncFunction<number, number>,
    settings: AsyncOptions<number, number>,
    options: LoneOptions = {},
  ): Promise<LoneAsync> {
    const bare = mapAsyncOperator(fn, asyncSettings<number, number>('service', settings)) as Operator
    const policy = errorPolicyOf('service', settings.onError)
    const guarding = policy && { guard: new CallGuard(policy), boundary: 'operator' as const }
    const operator = guarding === undefined ? bare : guardedOperator(bare, guarding)
    const lone = new LoneAsync(operator, options)
    await operator.open?.(lone.context(options.restored ?? []))
    operator.onRestored?.()
    return lone
  }

  /** Timestamps are the values; the offset of a record is 100 more. */
  send(...values: readonly number[]): void {
    const origin = Origin.ofPoll(
      'a',
      values.map((value) => value + 100),
    )
    this.queue.push({ kind: 'batch', batch: new Batch(values, values, undefined, undefined, origin) })
  }

  watermark(timestamp: number): void {
    this.queue.push({ kind: 'watermark', timestamp })
  }

  idleness(idle: boolean): void {
    this.queue.push({ kind: 'idleness', idle })
  }

  end(): void {
    this.queue.push({ kind: 'watermark', timestamp: Number.POSITIVE_INFINITY }, { kind: 'end' })
  }

  /** Triggered when it is sent: what stands before it has not been worked on yet. */
  barrier(): void {
    this.checkpoints++
    this.stage.checkpointTriggered(this.checkpoints)
    this.queue.push({ kind: 'barrier', barrier: { checkpointId: this.checkpoints, triggeredAt: 0 } })
  }

  /** Whether everything that was sent has been taken in. */
  get isTaken(): boolean {
    return this.queue.length === 0 && this.stage.hasRoom
  }

  /** Works until nothing more happens without time moving. Throws what the step throws. */
  async settle(): Promise<void> {
    for (let worked = true; worked; ) {
      await this.environment.settle()
      worked = this.work()
    }
  }

  async advance(ms: number): Promise<void> {
    await this.settle()
    await this.environment.advance(ms)
    await this.settle()
  }

  async close(): Promise<void> {
    await this.operator.close?.()
  }

  private work(): boolean {
    let worked = false
    for (;;) {
      if (this.stage.work()) worked = true
      else if (this.stage.hasRoom && this.queue.length > 0) this.stage.send(this.queue.shift() as Element)
      else return worked
    }
  }

  private take(element: Element): void {
    if (element.kind === 'batch') {
      for (const value of element.batch.values) this.out.push(value as number)
      this.timestamps.push(...element.batch.timestamps)
    } else if (element.kind === 'watermark') {
      this.out.push(`W${element.timestamp}`)
    } else if (element.kind === 'idleness') {
      this.out.push(element.idle ? 'idle' : 'active')
    } else {
      this.out.push(element.kind)
    }
  }

  private context(restored: readonly OperatorStateSnapshot[]): OperatorContext {
    const { stage } = this
    const silent = (): void => undefined
    return {
      operatorId: 'service',
      subtask: { index: 0, parallelism: 1 },
      logger: { debug: silent, info: silent, warn: silent, error: silent },
      metrics: this.metrics,
      parameters: {},
      signal: this.abort.signal,
      environment: this.environment,
      portOf: () => -1,
      keyGroups: { first: 0, end: 0 },
      maxParallelism: 8,
      get keyedState(): KeyedStateBackend {
        throw new Error('an async step has no keyed state')
      },
      restoredWatermarks: { minimum: 0, floorOf: () => 0 },
      restoredOperatorState: (name) => restored.find((state) => state.name === name)?.entries ?? [],
      requestProcessingTime: silent,
      wake: () => stage.wakeOperator(),
      forward: (element) => stage.forwardHeld(element),
      get isBarrierAwaited() {
        return stage.isBarrierAwaited
      },
    }
  }
}

/** A service that answers when a test says so. */
export class Service {
  /** Calls without an answer, oldest first. */
  readonly calls: Call[] = []
  /** Values in the order in which they were called for, again and again. */
  readonly called: number[] = []
  readonly fn: AsyncFunction<number, number> = (value, { signal, attempt }) => {
    this.called.push(value)
    return new Promise<number>((resolve, reject) => {
      this.calls.push({ value, signal, attempt, resolve, reject })
    })
  }

  /** Takes out the oldest call for a value. */
  take(value: number): Call {
    const index = this.calls.findIndex((call) => call.value === value)
    if (index < 0) throw new Error(`there is no call for ${value}`)
    return this.calls.splice(index, 1)[0] as Call
  }

  answer(...values: readonly number[]): void {
    for (const value of values) this.take(value).resolve(value * 10)
  }
}

export interface Call {
  readonly value: number
  readonly signal: AbortSignal
  readonly attempt: number
  readonly resolve: (result: number) => void
  readonly reject: (error: unknown) => void
}
