import { randomBytes } from 'node:crypto'
import type { Environment } from '../../core/environment.js'

/** The real world: the machine's clock, Node's timers, cryptographic randomness. */
export function systemEnvironment(): Environment {
  return {
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    timers: {
      after(delayMs, callback) {
        const timer = setTimeout(callback, delayMs)
        return () => clearTimeout(timer)
      },
    },
    random: { next: () => Math.random() },
    nonce: () => randomBytes(12).toString('hex'),
    yield: () => new Promise((resolve) => setImmediate(resolve)),
  }
}
