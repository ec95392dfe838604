import type { CancelTimer, Environment } from '../../core/environment.js'
import { seededRandom } from '../../core/random.js'

/** A clock that a case sets, with timers that fire when it is. */
export class HarnessEnvironment implements Environment {
  readonly random = seededRandom(1)
  readonly clock = { now: () => this.time, monotonic: () => this.time }
  readonly timers = { after: (delayMs: number, callback: () => void) => this.after(delayMs, callback) }
  private time: number
  private nonces = 0
  private readonly pending = new Set<{ readonly at: number; readonly callback: () => void }>()

  constructor(startAt: number) {
    this.time = startAt
  }

  nonce(): string {
    return `nonce${++this.nonces}`
  }

  yield(): Promise<void> {
    return Promise.resolve()
  }

  setTime(now: number): void {
    this.time = now
    const due = [...this.pending].filter((timer) => timer.at <= now).sort((left, right) => left.at - right.at)
    for (const timer of due) if (this.pending.delete(timer)) timer.callback()
  }

  private after(delayMs: number, callback: () => void): CancelTimer {
    const timer = { at: this.time + delayMs, callback }
    this.pending.add(timer)
    return () => this.pending.delete(timer)
  }
}
