import type { InputState } from '../../core/checkpoint/manifest.js'
import type { Barrier } from '../../core/element.js'
import type { Environment } from '../../core/environment.js'
import { TidemarkError } from '../../core/errors.js'
import type { StageSnapshot } from '../task/stage-snapshot.js'

/** Why a checkpoint is taken. `stop` and `final` are the last of their generation. */
export type CheckpointKind = 'periodic' | 'requested' | 'stop' | 'final'

export interface CompletedCheckpoint {
  readonly id: number
  readonly bytes: number
  readonly durationMs: number
}

export interface CheckpointSettings {
  readonly intervalMs: number
  /** Between the end of one and the start of the next. */
  readonly minPauseMs: number
  readonly timeoutMs: number
  /** Failures in a row that are only counted; one more fails the job. */
  readonly tolerableFailures: number
}

/** What is handed to storage when all tasks have contributed. */
export interface CollectedCheckpoint {
  readonly id: number
  readonly input: InputState
  /** By task index. */
  readonly snapshots: readonly (readonly StageSnapshot[])[]
}

export interface CheckpointCoordinatorOptions {
  readonly environment: Environment
  readonly settings: CheckpointSettings
  /** Id of the first checkpoint. */
  readonly firstId: number
  readonly taskCount: number
  readonly trigger: (barrier: Barrier, options: { readonly stopAfter: boolean }) => void
  /** Tells tasks to forget a checkpoint. */
  readonly cancel: (checkpointId: number) => void
  /** Makes it durable, logs it and commits what it covers. Returns its bytes. */
  readonly complete: (checkpoint: CollectedCheckpoint) => Promise<number>
  readonly onCompleted: (checkpoint: CompletedCheckpoint, kind: CheckpointKind) => void
  readonly onAborted: (checkpointId: number, reason: TidemarkError) => void
  /** The job cannot go on: too many failures, or a failure of a last checkpoint or of a commit. */
  readonly onFailure: (error: unknown) => void
}

interface Pending {
  readonly id: number
  readonly kind: CheckpointKind
  readonly input: InputState
  readonly startedAt: number
  readonly snapshots: (readonly StageSnapshot[] | undefined)[]
  missing: number
  readonly cancelTimeout: () => void
}

interface Request {
  readonly kind: CheckpointKind
  readonly input: InputState
  readonly resolve: (completed: CompletedCheckpoint) => void
  readonly reject: (error: unknown) => void
}

/** Triggers the checkpoints of one generation, one at a time, and collects what the tasks contribute. */
export class CheckpointCoordinator {
  private readonly options: CheckpointCoordinatorOptions
  private readonly requests: Request[] = []
  private readonly waiters = new Map<number, Request>()
  private nextId: number
  private pending: Pending | undefined
  private completing: Promise<void> | undefined
  private cancelInterval: (() => void) | undefined
  private failuresInARow = 0
  /** A stop's or the final checkpoint was asked for: no periodic one follows. */
  private last = false
  private closed = false

  constructor(options: CheckpointCoordinatorOptions) {
    this.options = options
    this.nextId = options.firstId
  }

  start(): void {
    this.schedule(this.options.settings.intervalMs)
  }

  /** Takes a checkpoint as soon as none is in progress. Rejects when it is aborted or the generation ends. */
  request(kind: Exclude<CheckpointKind, 'periodic'>, input: InputState): Promise<CompletedCheckpoint> {
    return new Promise((resolve, reject) => {
      this.requests.push({ kind, input, resolve, reject })
      this.triggerNext()
    })
  }

  onSnapshot(task: number, checkpointId: number, snapshots: readonly StageSnapshot[]): void {
    const pending = this.pending
    if (pending?.id !== checkpointId || pending.snapshots[task]) return
    pending.snapshots[task] = snapshots
    if (--pending.missing > 0) return
    pending.cancelTimeout()
    this.completing = this.complete(pending)
  }

  /** No checkpoint starts any more; resolves when one that is being made durable is through with that. */
  async close(reason: TidemarkError): Promise<void> {
    this.closed = true
    this.cancelInterval?.()
    this.pending?.cancelTimeout()
    await this.completing
    for (const request of [...this.requests, ...this.waiters.values()]) request.reject(reason)
    this.requests.length = 0
    this.waiters.clear()
  }

  private schedule(delayMs: number): void {
    this.cancelInterval?.()
    if (this.closed || this.last) return
    this.cancelInterval = this.options.environment.timers.after(delayMs, () => {
      if (!this.pending) this.begin('periodic', 'open')
    })
  }

  private triggerNext(): void {
    if (this.pending || this.closed) return
    const request = this.requests.shift()
    if (!request) return
    this.waiters.set(this.nextId, request)
    this.begin(request.kind, request.input)
  }

  private begin(kind: CheckpointKind, input: InputState): void {
    if (this.closed) return
    const { environment, settings, taskCount, trigger } = this.options
    const id = this.nextId++
    if (kind === 'stop' || kind === 'final') this.last = true
    this.pending = {
      id,
      kind,
      input,
      startedAt: environment.clock.monotonic(),
      snapshots: new Array<undefined>(taskCount).fill(undefined),
      missing: taskCount,
      cancelTimeout: environment.timers.after(settings.timeoutMs, () => this.timeOut(id)),
    }
    trigger({ checkpointId: id, triggeredAt: environment.clock.now() }, { stopAfter: kind === 'stop' })
  }

  private async complete(pending: Pending): Promise<void> {
    const { environment, complete, onCompleted } = this.options
    try {
      const bytes = await complete({
        id: pending.id,
        input: pending.input,
        snapshots: pending.snapshots.map((snapshots) => snapshots ?? []),
      })
      const durationMs = environment.clock.monotonic() - pending.startedAt
      const completed = { id: pending.id, bytes, durationMs }
      this.failuresInARow = 0
      this.pending = undefined
      onCompleted(completed, pending.kind)
      this.waiters.get(pending.id)?.resolve(completed)
      this.waiters.delete(pending.id)
      const { intervalMs, minPauseMs } = this.options.settings
      this.schedule(Math.max(minPauseMs, intervalMs - durationMs))
      this.triggerNext()
    } catch (error) {
      this.abort(pending, asTidemarkError(error))
    }
  }

  private timeOut(id: number): void {
    const pending = this.pending
    if (pending?.id !== id || this.closed) return
    const { timeoutMs } = this.options.settings
    this.abort(
      pending,
      new TidemarkError({
        code: 'CHECKPOINT_TIMEOUT',
        domain: 'storage',
        message: `checkpoint ${id}: ${pending.missing} of ${pending.snapshots.length} tasks had not contributed after ${timeoutMs} ms`,
        retryable: true,
      }),
    )
  }

  private abort(pending: Pending, reason: TidemarkError): void {
    this.pending = undefined
    this.failuresInARow++
    this.options.cancel(pending.id)
    this.options.onAborted(pending.id, reason)
    this.waiters.get(pending.id)?.reject(reason)
    this.waiters.delete(pending.id)
    if (this.closed) return
    // Without a last checkpoint there is nothing to go on to; a deposed process must stop at once.
    const fatal = pending.kind === 'stop' || pending.kind === 'final' || reason.domain === 'coordination'
    if (fatal || this.failuresInARow > this.options.settings.tolerableFailures) {
      this.options.onFailure(reason)
      return
    }
    this.schedule(this.options.settings.intervalMs)
    this.triggerNext()
  }
}

function asTidemarkError(error: unknown): TidemarkError {
  if (error instanceof TidemarkError) return error
  return new TidemarkError({
    code: 'CHECKPOINT_FAILED',
    domain: 'storage',
    message: `a checkpoint could not be completed: ${String(error)}`,
    retryable: true,
    cause: error,
  })
}
