import type { Environment } from '../../core/environment.js'

export interface Runnable {
  /** Works until the clock passes `until`. True: there is more to do. */
  run(until: number): boolean
}

export interface SchedulerOptions {
  readonly environment: Environment
  /** How long tasks run before the event loop gets a turn, in milliseconds. */
  readonly turnMs: number
  /** How long one task runs before the next. */
  readonly sliceMs: number
  /** Told how long each turn held the event loop. */
  readonly onTurn?: (heldMs: number) => void
}

/** Runs the tasks that have something to do, in turn, on one event loop. A task is in the queue at most once. */
export class Scheduler {
  private readonly options: SchedulerOptions
  private readonly queued = new Set<Runnable>()
  private running = false
  private stopped = false

  constructor(options: SchedulerOptions) {
    this.options = options
  }

  wake(runnable: Runnable): void {
    if (this.stopped) return
    this.queued.add(runnable)
    if (!this.running) void this.loop()
  }

  /** Nothing runs any more when this returns. */
  stop(): void {
    this.stopped = true
    this.queued.clear()
  }

  private async loop(): Promise<void> {
    this.running = true
    const { environment, turnMs, sliceMs } = this.options
    // Starting in a turn of its own keeps `wake` callable from anywhere, a task's own work included.
    await environment.yield()
    while (this.queued.size > 0) {
      const start = environment.clock.monotonic()
      this.turn(start + turnMs, sliceMs)
      this.options.onTurn?.(environment.clock.monotonic() - start)
      if (this.queued.size > 0) await environment.yield()
    }
    this.running = false
  }

  private turn(until: number, sliceMs: number): void {
    const { clock } = this.options.environment
    let left = this.queued.size
    for (const runnable of this.queued) {
      // What is woken during the turn is queued behind the others, for the next one.
      if (left-- === 0) return
      this.queued.delete(runnable)
      const now = clock.monotonic()
      if (runnable.run(Math.min(until, now + sliceMs))) this.queued.add(runnable)
      if (this.stopped || clock.monotonic() >= until) return
    }
  }
}
