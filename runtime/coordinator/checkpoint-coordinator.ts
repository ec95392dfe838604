import type { InputState } from '../../core/checkpoint/manifest.js'
import type { Barrier } from '../../core/element.js'
import type { Environment } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { StageSnapshot } from '../task/stage-snapshot.js'

/**
 * Why a checkpoint is taken. `stop` and `final` are the last of their generation; a `savepoint` is none that the job
 * would recover from, and commits nothing.
 */
export type CheckpointKind = 'periodic' | 'requested' | 'savepoint' | 'stop' | 'final'

export interface CompletedCheckpoint {
  readonly id: number
  readonly bytes: number
  readonly durationMs: number
  /** Epoch milliseconds. */
  readonly completedAt: number
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
  readonly kind: CheckpointKind
  readonly input: InputState
  /** Wall-clock time of its barrier, epoch milliseconds. */
  readonly triggeredAt: number
  /** By task index. */
  readonly snapshots: readonly (readonly StageSnapshot[])[]
}

export interface CheckpointCoordinatorOptions<W> {
  readonly environment: Environment
  readonly settings: CheckpointSettings
  /** Id of the first checkpoint. */
  readonly firstId: number
  readonly taskCount: number
  readonly trigger: (barrier: Barrier, options: { readonly stopAfter: boolean }) => void
  /** Tells tasks to forget a checkpoint. */
  readonly cancel: (checkpointId: number) => void
  /**
   * Makes its objects durable. Until that is done the checkpoint can be aborted: `isAborted` says so, and then nothing
   * of it may be left.
   */
  readonly write: (checkpoint: CollectedCheckpoint, isAborted: () => boolean) => Promise<W>
  /** Logs it, so that it counts, and commits what it covers. There is no way back from here. Returns its bytes. */
  readonly complete: (written: W) => Promise<number>
  readonly onCompleted: (checkpoint: CompletedCheckpoint, kind: CheckpointKind) => void
  /** `mayCount`: its entry may be in the log, so nothing of it may be deleted. */
  readonly onAborted: (
    checkpointId: number,
    reason: TidemarkError,
    what: { readonly kind: CheckpointKind; readonly mayCount: boolean },
  ) => void
  /** The job cannot go on: too many failures, or a failure of a last checkpoint, of the log or of a commit. */
  readonly onFailure: (error: unknown) => void
}

interface Pending {
  readonly id: number
  readonly kind: CheckpointKind
  readonly input: InputState
  readonly startedAt: number
  readonly triggeredAt: number
  readonly snapshots: (readonly StageSnapshot[] | undefined)[]
  missing: number
  readonly cancelTimeout: () => void
}

interface Request {
  readonly kind: CheckpointKind
  readonly isWhole: boolean
  readonly input: InputState
  readonly onTriggered: ((id: number) => void) | undefined
  readonly resolve: (completed: CompletedCheckpoint) => void
  readonly reject: (error: unknown) => void
}

/** Triggers the checkpoints of one generation, one at a time, and collects what the tasks contribute. */
export class CheckpointCoordinator<W> {
  private readonly options: CheckpointCoordinatorOptions<W>
  private readonly requests: Request[] = []
  private readonly waiters = new Map<number, Request>()
  private nextId: number
  private pending: Pending | undefined
  private completing: Promise<void> | undefined
  private cancelInterval: (() => void) | undefined
  private failuresInARow = 0
  /** When the next periodic one is due, by the monotonic clock. */
  private dueAt = 0
  /** Only a last checkpoint may still begin. */
  private held = false
  /** It has begun: nothing follows. */
  private last = false
  private endedBy: TidemarkError | undefined

  constructor(options: CheckpointCoordinatorOptions<W>) {
    this.options = options
    this.nextId = options.firstId
  }

  start(): void {
    this.schedule(this.options.settings.intervalMs)
  }

  /** Takes a checkpoint as soon as none is in progress. Rejects when it is aborted or the generation ends. */
  request(
    kind: Exclude<CheckpointKind, 'periodic'>,
    input: InputState,
    options: {
      /** Everything is written anew: nothing of it is shared with others. */
      readonly isWhole?: boolean
      /** Told the id, just before the barriers go out. */
      readonly onTriggered?: (id: number) => void
    } = {},
  ): Promise<CompletedCheckpoint> {
    return new Promise((resolve, reject) => {
      const refusal = this.endedBy ?? (this.mayBegin(kind) ? undefined : stopping())
      if (refusal) return reject(refusal)
      const { isWhole = false, onTriggered } = options
      this.requests.push({ kind, isWhole, input, onTriggered, resolve, reject })
      this.triggerNext()
    })
  }

  /** The input is being ended: what the job is from here on, only its last checkpoint may record. */
  hold(): void {
    this.held = true
    this.cancelInterval?.()
    this.refuseOthers()
  }

  onSnapshot(task: number, checkpointId: number, snapshots: readonly StageSnapshot[]): void {
    const pending = this.pending
    if (pending?.id !== checkpointId || pending.snapshots[task]) return
    pending.snapshots[task] = snapshots
    if (--pending.missing === 0) void this.write(pending)
  }

  /** A task cannot contribute. */
  onSnapshotFailure(checkpointId: number, error: unknown): void {
    if (this.pending?.id === checkpointId) this.abort(this.pending, asTidemarkError(error))
  }

  /** No checkpoint starts or comes to count any more; resolves when one that is on its way into the log is there. */
  async close(reason: TidemarkError): Promise<void> {
    this.endedBy = reason
    this.cancelInterval?.()
    this.pending?.cancelTimeout()
    this.pending = undefined
    await this.completing
    for (const request of [...this.requests, ...this.waiters.values()]) request.reject(reason)
    this.requests.length = 0
    this.waiters.clear()
  }

  private mayBegin(kind: CheckpointKind): boolean {
    return !this.last && (!this.held || kind === 'stop' || kind === 'final')
  }

  private refuseOthers(): void {
    const refused = this.requests.filter(({ kind }) => !this.mayBegin(kind))
    for (const request of refused) {
      this.requests.splice(this.requests.indexOf(request), 1)
      request.reject(stopping())
    }
  }

  private schedule(delayMs: number): void {
    this.cancelInterval?.()
    if (this.endedBy || this.last || this.held) return
    const { clock, timers } = this.options.environment
    this.dueAt = clock.monotonic() + delayMs
    this.cancelInterval = timers.after(delayMs, () => {
      if (!this.pending) this.begin('periodic', 'open')
    })
  }

  /** However many savepoints are taken: they commit nothing, and do not put off what does. */
  private scheduleBehindSavepoint(): void {
    const { environment, settings } = this.options
    this.schedule(Math.max(settings.minPauseMs, this.dueAt - environment.clock.monotonic(), 0))
  }

  private triggerNext(): void {
    if (this.pending || this.endedBy) return
    const request = this.requests.shift()
    if (!request) return
    this.waiters.set(this.nextId, request)
    request.onTriggered?.(this.nextId)
    this.begin(request.kind, request.input, request.isWhole)
  }

  private begin(kind: CheckpointKind, input: InputState, isWhole = false): void {
    if (this.endedBy) return
    const { environment, settings, taskCount, trigger } = this.options
    const id = this.nextId++
    if (kind === 'stop' || kind === 'final') {
      this.last = true
      this.refuseOthers()
    }
    const pending: Pending = {
      id,
      kind,
      input,
      startedAt: environment.clock.monotonic(),
      triggeredAt: environment.clock.now(),
      snapshots: new Array<undefined>(taskCount).fill(undefined),
      missing: taskCount,
      cancelTimeout: environment.timers.after(settings.timeoutMs, () => this.timeOut(id)),
    }
    this.pending = pending
    try {
      const barrier = { checkpointId: id, triggeredAt: pending.triggeredAt }
      trigger(isWhole ? { ...barrier, isSavepoint: true } : barrier, { stopAfter: kind === 'stop' })
    } catch (error) {
      this.abort(pending, asTidemarkError(error))
    }
  }

  private async write(pending: Pending): Promise<void> {
    const isAborted = (): boolean => this.pending !== pending
    try {
      const { id, kind, input, triggeredAt, snapshots } = pending
      const collected = { id, kind, input, triggeredAt, snapshots: snapshots.map((snapshot) => snapshot ?? []) }
      const written = await this.options.write(collected, isAborted)
      if (isAborted()) return
      pending.cancelTimeout()
      this.completing = this.complete(pending, written)
    } catch (error) {
      if (!isAborted()) this.abort(pending, asTidemarkError(error))
    }
  }

  private async complete(pending: Pending, written: W): Promise<void> {
    const { environment, complete, onCompleted } = this.options
    try {
      const bytes = await complete(written)
      const durationMs = environment.clock.monotonic() - pending.startedAt
      const completed = { id: pending.id, bytes, durationMs, completedAt: environment.clock.now() }
      if (pending.kind !== 'savepoint') this.failuresInARow = 0
      this.pending = undefined
      onCompleted(completed, pending.kind)
      this.waiters.get(pending.id)?.resolve(completed)
      this.waiters.delete(pending.id)
      const { intervalMs, minPauseMs } = this.options.settings
      if (pending.kind === 'savepoint') this.scheduleBehindSavepoint()
      else this.schedule(Math.max(minPauseMs, intervalMs - durationMs))
      this.triggerNext()
    } catch (error) {
      // It may count or not: only the log can tell, and the next generation begins by reading it.
      this.abort(pending, asTidemarkError(error), 'fatal')
    }
  }

  private timeOut(id: number): void {
    const pending = this.pending
    if (pending?.id !== id) return
    const { timeoutMs } = this.options.settings
    const { length } = pending.snapshots
    const why =
      pending.missing > 0
        ? `${pending.missing} of ${length} tasks had not contributed`
        : 'storage had not taken its objects'
    this.abort(
      pending,
      new TidemarkError({
        code: 'CHECKPOINT_TIMEOUT',
        domain: 'storage',
        message: `checkpoint ${id}: ${why} after ${timeoutMs} ms`,
        retryable: true,
      }),
    )
  }

  private abort(pending: Pending, reason: TidemarkError, severity: 'counted' | 'fatal' = 'counted'): void {
    pending.cancelTimeout()
    this.pending = undefined
    const isSavepoint = pending.kind === 'savepoint'
    if (!isSavepoint) this.failuresInARow++
    this.options.cancel(pending.id)
    this.options.onAborted(pending.id, reason, { kind: pending.kind, mayCount: severity === 'fatal' })
    this.waiters.get(pending.id)?.reject(reason)
    this.waiters.delete(pending.id)
    if (this.endedBy) return
    // Without a last checkpoint there is nothing to go on to; a deposed process must stop at once.
    const isLast = pending.kind === 'stop' || pending.kind === 'final'
    // The job does not depend on a savepoint; whoever asked for it is told.
    if (
      !isSavepoint &&
      (isLast ||
        severity === 'fatal' ||
        reason.domain === 'coordination' ||
        this.failuresInARow > this.options.settings.tolerableFailures)
    ) {
      this.options.onFailure(reason)
      return
    }
    if (isSavepoint) this.scheduleBehindSavepoint()
    else this.schedule(this.options.settings.intervalMs)
    this.triggerNext()
  }
}

function stopping(): TidemarkError {
  return new TidemarkError({
    code: 'JOB_NOT_RUNNING',
    domain: 'user',
    message: 'the job is ending: no checkpoint or savepoint but its last one begins any more',
  })
}

function asTidemarkError(error: unknown): TidemarkError {
  if (error instanceof TidemarkError) return error
  return new TidemarkError({
    code: 'CHECKPOINT_FAILED',
    domain: 'storage',
    message: `a checkpoint could not be completed: ${messageOf(error)}`,
    retryable: true,
    cause: error,
  })
}
