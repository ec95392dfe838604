import type { CancelTimer, Environment } from '../../core/environment.js'
import { seededRandom } from '../../core/random.js'

interface VirtualTimer {
  readonly at: number
  readonly order: number
  readonly callback: () => void
}

/** Time that moves only when told to. Everything in it happens in one order, given by the seed. */
export interface VirtualEnvironment extends Environment {
  /** Moves time forward and fires what falls due on the way, in order, letting the job settle after each. */
  advance(byMs: number): Promise<void>
  /** Waits until nothing happens without time moving: no task has work, no promise is pending. */
  settle(): Promise<void>
  /** When the earliest timer is due, epoch milliseconds. */
  readonly nextTimerAt: number | undefined
}

export interface VirtualEnvironmentOptions {
  /** Epoch milliseconds at the start. Default 2030-01-01: later than any history that a test replays. */
  readonly startAt?: number
  readonly seed?: number
}

export function virtualEnvironment(options: VirtualEnvironmentOptions = {}): VirtualEnvironment {
  const random = seededRandom(options.seed ?? 1)
  const start = options.startAt ?? Date.UTC(2030, 0, 1)
  const timers = new Set<VirtualTimer>()
  let now = start
  let order = 0
  let turns = 0
  let nonces = 0

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  const earliest = (): VirtualTimer | undefined => {
    let first: VirtualTimer | undefined
    for (const timer of timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    }
    return first
  }

  // Promise chains end within one turn of the real loop; two quiet turns also cover a chain that ends in a `yield`.
  const settle = async (): Promise<void> => {
    for (let quiet = 0; quiet < 3; quiet++) {
      const before = turns
      await turn()
      if (turns !== before) quiet = -1
    }
  }

  const after = (delayMs: number, callback: () => void): CancelTimer => {
    const timer = { at: now + Math.max(0, delayMs), order: order++, callback }
    timers.add(timer)
    return () => timers.delete(timer)
  }

  return {
    clock: { now: () => now, monotonic: () => now - start },
    timers: { after },
    random,
    nonce: () => `nonce${++nonces}x${Math.floor(random.next() * 2 ** 32).toString(36)}`,
    yield: async () => {
      turns++
      await turn()
      turns++
    },
    settle,
    async advance(byMs) {
      const target = now + byMs
      await settle()
      for (let timer = earliest(); timer && timer.at <= target; timer = earliest()) {
        timers.delete(timer)
        now = Math.max(now, timer.at)
        timer.callback()
        await settle()
      }
      now = target
    },
    get nextTimerAt() {
      return earliest()?.at
    },
  }
}
