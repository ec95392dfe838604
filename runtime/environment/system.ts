import { randomBytes } from 'node:crypto'
import type { CancelTimer, Environment } from '../../core/environment.js'

/** The longest that Node's timers take: beyond it they fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** The real world: the machine's clock, Node's timers, cryptographic randomness. */
export function systemEnvironment(): Environment {
  return {
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    timers: { after },
    random: { next: () => Math.random() },
    nonce: () => randomBytes(12).toString('hex'),
    yield: () => new Promise((resolve) => setImmediate(resolve)),
  }
}

function after(delayMs: number, callback: () => void): CancelTimer {
  let timer: NodeJS.Timeout
  const wait = (leftMs: number): void => {
    timer =
      leftMs <= LONGEST_TIMEOUT_MS
        ? setTimeout(callback, leftMs)
        : setTimeout(() => wait(leftMs - LONGEST_TIMEOUT_MS), LONGEST_TIMEOUT_MS)
  }
  wait(delayMs)
  return () => clearTimeout(timer)
}
