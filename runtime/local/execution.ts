import type { Barrier } from '../../core/element.js'
import { messageOf } from '../../core/errors.js'
import type { Operator } from '../../core/operators/operator.js'
import type { Instruments } from '../observe/metrics.js'
import { SinkOperator } from '../task/sink-operator.js'
import { SourceStage } from '../task/source-stage.js'
import { Stage, withOperatorId } from '../task/stage.js'
import type { Task, TaskActivity } from '../task/task.js'
import { type Deployed, Deployment, type DeploymentOptions } from './deployment.js'
import { Scheduler } from './scheduler.js'

export interface ExecutionOptions extends Omit<DeploymentOptions, 'signal' | 'onSourceEnd' | 'wake'> {
  /** Called once, with what broke first. */
  readonly onFailure: (error: unknown) => void
  /** All records of one subtask of a source have been emitted. */
  readonly onSourceEnd?: () => void
  /** All records of all sources have been emitted. */
  readonly onInputEnd: () => void
  readonly onTurn?: (heldMs: number) => void
  /** The checkpoint has state that the operator does not declare. Throws unless that may be dropped. */
  readonly onDroppedState: (operatorId: string, states: readonly string[]) => void
}

/** Numbers of one subtask of one operator, for progress and metrics. */
export interface OperatorReading {
  readonly nodeId: string
  readonly label: string
  readonly details: string | undefined
  readonly subtask: number
  readonly recordsIn: number
  readonly recordsOut: number
  readonly watermark: number
  readonly metrics: Readonly<Record<string, number>>
  readonly instruments: () => Instruments
}

/** What a task, a chain of operators, spent its time with. */
export interface TaskReading {
  readonly operators: readonly string[]
  readonly subtask: number
  readonly spentMs: Readonly<Record<TaskActivity, number>>
}

/** How long the event loop is held at a time, in milliseconds. */
const TURN_MS = 10

/** All tasks of one generation in one process, on one event loop. */
export class Execution {
  readonly generation: number
  private readonly options: ExecutionOptions
  private readonly scheduler: Scheduler
  private readonly abort = new AbortController()
  private readonly tasks: readonly Task[]
  private readonly deployed: readonly Deployed[]
  private openSources = 0
  private readonly opened = new Set<Operator>()
  private started = false
  private stopped = false

  constructor(options: ExecutionOptions) {
    this.options = options
    this.generation = options.generation
    this.scheduler = new Scheduler({
      environment: options.environment,
      turnMs: TURN_MS,
      sliceMs: 5,
      ...(options.onTurn ? { onTurn: options.onTurn } : {}),
    })
    const { tasks, deployed } = new Deployment({
      ...options,
      signal: this.abort.signal,
      onFailure: (error) => this.fail(error),
      onSourceEnd: () => this.sourceEnded(),
      wake: (task) => this.wake(task),
    })
    this.tasks = tasks
    this.deployed = deployed
    this.openSources = this.sourceStages().length
  }

  /** Aborts when the generation ends, however it does. */
  get signal(): AbortSignal {
    return this.abort.signal
  }

  get taskCount(): number {
    return this.tasks.length
  }

  /** Source stages of a source, by subtask. */
  sourceStages(nodeId?: string): readonly SourceStage[] {
    return this.deployed
      .filter(({ node }) => node.kind === 'source' && (nodeId === undefined || node.id === nodeId))
      .map(({ stage }) => stage as SourceStage)
  }

  /** Opens every operator and restores its state. Nothing flows before this is done. */
  async open(): Promise<void> {
    for (const deployed of this.deployed) {
      const { operator, context, node } = deployed
      if (!operator || !context) continue
      if (this.stopped) return
      this.opened.add(operator)
      try {
        await operator.open?.(context)
        await this.restore(deployed)
        if (this.stopped) return
        operator.onRestored?.()
      } catch (error) {
        throw withOperatorId(error, node.id)
      }
    }
  }

  /** In slices: much state takes long to read, and the event loop gets its turns meanwhile. */
  private async restore({ stored, keyedState, operatorState, node }: Deployed): Promise<void> {
    const { environment, onDroppedState } = this.options
    const unclaimed = operatorState?.unclaimed ?? []
    if (unclaimed.length > 0) onDroppedState(node.id, unclaimed)
    const { clock } = environment
    const state = keyedState()
    if (state === undefined) {
      if (stored.length > 0) onDroppedState(node.id, ['keyed state'])
      return
    }
    const restore = state.restore()
    // The next object is fetched while this one is read.
    let next = stored[0]?.read()
    for (const [index, { checkpoint, name }] of stored.entries()) {
      const object = await next
      next = stored[index + 1]?.read()
      next?.catch(() => undefined)
      if (object === undefined || this.stopped) return
      restore.add(object, checkpoint, { name })
      let until = clock.monotonic() + TURN_MS
      while (!restore.work(() => clock.monotonic() >= until)) {
        state.trim()
        await environment.yield()
        if (this.stopped) return
        until = clock.monotonic() + TURN_MS
      }
    }
    restore.finish()
    if (restore.unclaimed.length > 0) onDroppedState(node.id, restore.unclaimed)
  }

  start(): void {
    this.started = true
    for (const stage of this.sourceStages()) stage.start()
    for (const task of this.tasks) this.scheduler.wake(task)
  }

  triggerCheckpoint(barrier: Barrier, options: { readonly stopAfter: boolean }): void {
    for (const stage of this.sourceStages()) stage.triggerCheckpoint(barrier, options)
    for (const task of this.tasks) {
      task.checkpointTriggered(barrier.checkpointId)
      this.wake(task)
    }
  }

  cancelCheckpoint(checkpointId: number): void {
    for (const stage of this.sourceStages()) stage.cancelCheckpoint(checkpointId)
    for (const task of this.tasks) {
      task.cancelCheckpoint(checkpointId)
      this.scheduler.wake(task)
    }
  }

  /** What a completed checkpoint covers is committed: sinks need not carry it any further. */
  checkpointCompleted(checkpointId: number): void {
    for (const { operator } of this.deployed) {
      if (operator instanceof SinkOperator) operator.checkpointCompleted(checkpointId)
    }
    for (const task of this.tasks) task.checkpointCompleted(checkpointId)
  }

  endInput(where: 'now' | 'atTip'): void {
    for (const stage of this.sourceStages()) stage.endInput(where)
  }

  /** Nothing runs any more when this returns; operators and connectors are told by their signal. */
  stop(reason: unknown): void {
    this.stopped = true
    this.scheduler.stop()
    this.abort.abort(reason)
  }

  /** Releases what operators hold, once they have stopped; never rejects, logs what could not be closed. */
  async close(): Promise<void> {
    for (const { operator, stage, node, keyedState } of [...this.deployed].reverse()) {
      try {
        if (stage instanceof SourceStage) await stage.close()
        else stage.stopTimers()
        // What was never opened has nothing to close, and what was closed is not closed again.
        if (operator && this.opened.delete(operator)) await operator.close?.()
        keyedState()?.close()
      } catch (error) {
        this.options.logger.warn('an operator could not be closed', { operator: node.id, error: messageOf(error) })
      }
    }
  }

  readings(): readonly OperatorReading[] {
    return this.deployed.map(({ node, subtask, stage, metrics }) => ({
      nodeId: node.id,
      label: node.label,
      details: node.details,
      subtask,
      recordsIn: stage instanceof Stage ? stage.rowsReceived : stage.recordsRead,
      recordsOut: stage.output.rowsEmitted,
      watermark: stage instanceof Stage ? stage.currentWatermark : stage.watermark,
      metrics: metrics.read(),
      instruments: () => metrics.instruments(),
    }))
  }

  activities(): readonly TaskReading[] {
    const { vertices } = this.options.plan
    const places = vertices.flatMap(({ chain, parallelism }) =>
      Array.from({ length: parallelism }, (_, subtask) => ({ operators: chain.map(({ id }) => id), subtask })),
    )
    return this.tasks.map((task, index) => ({
      ...(places[index] ?? { operators: [task.name], subtask: 0 }),
      spentMs: task.activities(),
    }))
  }

  get maxParallelism(): number {
    return this.options.plan.maxParallelism
  }

  private wake(task: Task): void {
    // Nothing runs before everything is open; `start` wakes all.
    if (this.started) this.scheduler.wake(task)
  }

  private sourceEnded(): void {
    this.options.onSourceEnd?.()
    if (--this.openSources === 0) this.options.onInputEnd()
  }

  private fail(error: unknown): void {
    if (this.stopped) return
    this.stopped = true
    this.scheduler.stop()
    this.options.onFailure(error)
  }
}
