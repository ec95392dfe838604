import type { Environment } from '../../core/environment.js'
import type { InputGate } from './input-gate.js'
import type { SourceStage } from './source-stage.js'
import type { Stage, TaskStage } from './stage.js'
import type { StageSnapshot } from './stage-snapshot.js'

/** What a task is doing. The metrics of a task are the times it spent in each. */
export type TaskActivity = 'idle' | 'busy' | 'backpressured' | 'aligning' | 'snapshotting'

export interface TaskOptions {
  readonly name: string
  readonly environment: Environment
  readonly gate: InputGate | undefined
  readonly source: SourceStage | undefined
  /** In order of flow, without the source. */
  readonly stages: readonly Stage[]
  readonly onSnapshot: (checkpointId: number, snapshots: readonly StageSnapshot[]) => void
  readonly onFailure: (error: unknown) => void
}

/** Bounds a slice where the clock does not move by itself (virtual time). */
const MAX_PASSES = 256

/** One subtask of a vertex: a chain of stages and what feeds it, run cooperatively. Never blocks, never awaits. */
export class Task {
  readonly name: string
  readonly source: SourceStage | undefined
  readonly stages: readonly Stage[]
  private readonly options: TaskOptions
  private readonly all: readonly TaskStage[]
  private readonly collected = new Map<number, StageSnapshot[]>()
  private readonly spentMs: Record<TaskActivity, number> = {
    idle: 0,
    busy: 0,
    backpressured: 0,
    aligning: 0,
    snapshotting: 0,
  }
  private highestCancelled = 0
  private activity: TaskActivity = 'idle'
  private since: number
  private failed = false

  constructor(options: TaskOptions) {
    this.options = options
    this.name = options.name
    this.source = options.source
    this.stages = options.stages
    this.all = options.source ? [options.source, ...options.stages] : options.stages
    this.since = options.environment.clock.monotonic()
  }

  /** Works until there is nothing to do or the clock passes `until`. True: call again, there is more. */
  run(until: number): boolean {
    if (this.failed) return false
    this.enter('busy')
    const { clock } = this.options.environment
    try {
      for (let passes = 1; this.pass(); passes++) {
        if (passes >= MAX_PASSES || clock.monotonic() >= until) return true
      }
    } catch (error) {
      this.fail(error)
    }
    this.enter(this.restingActivity())
    return false
  }

  fail(error: unknown): void {
    if (this.failed) return
    this.failed = true
    this.options.onFailure(error)
  }

  /** A stage has contributed to a checkpoint; the last one of the chain completes the task's part. */
  collect(checkpointId: number, snapshot: StageSnapshot): void {
    if (checkpointId <= this.highestCancelled) return
    const snapshots = this.collected.get(checkpointId) ?? []
    snapshots.push(snapshot)
    this.collected.set(checkpointId, snapshots)
    if (snapshots.length < this.all.length) return
    for (const id of this.collected.keys()) if (id <= checkpointId) this.collected.delete(id)
    this.options.onSnapshot(checkpointId, snapshots)
  }

  checkpointTriggered(checkpointId: number): void {
    for (const stage of this.stages) stage.checkpointTriggered(checkpointId)
  }

  cancelCheckpoint(checkpointId: number): void {
    this.collected.delete(checkpointId)
    this.highestCancelled = Math.max(this.highestCancelled, checkpointId)
    this.options.gate?.cancelCheckpoint(checkpointId)
    for (const stage of this.stages) stage.cancelCheckpoint(checkpointId)
  }

  checkpointCompleted(checkpointId: number): void {
    for (const stage of this.stages) stage.checkpointCompleted(checkpointId)
  }

  /** Milliseconds spent in each activity up to now. */
  activities(): Readonly<Record<TaskActivity, number>> {
    this.enter(this.activity)
    return { ...this.spentMs }
  }

  /** One round over the stages, last to first, so that room opens before it is needed. */
  private pass(): boolean {
    let progressed = false
    for (let index = this.all.length - 1; index >= 0; index--) {
      if ((this.all[index] as TaskStage).work()) progressed = true
    }
    const first = this.stages[0]
    if (this.options.gate && first?.hasRoom) {
      const element = this.options.gate.receive()
      if (element) {
        first.send(element, this.options.gate.lastInput)
        progressed = true
      }
    }
    return progressed
  }

  private restingActivity(): TaskActivity {
    for (const stage of this.all) if (stage.isSnapshotting) return 'snapshotting'
    for (const stage of this.all) if (!stage.output.isEmpty) return 'backpressured'
    return this.options.gate?.isAligning ? 'aligning' : 'idle'
  }

  private enter(activity: TaskActivity): void {
    const now = this.options.environment.clock.monotonic()
    this.spentMs[this.activity] += now - this.since
    this.since = now
    this.activity = activity
  }
}
