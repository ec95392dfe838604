import type { KinesisClient } from '@aws-sdk/client-kinesis'
import type { ReplayEnvironment } from '../../../../examples/taxi/replay/index.js'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** So many turns of the event loop without a request under way: nothing is left to do at this moment. */
const IDLE_TURNS = 5

export interface VirtualTime {
  readonly environment: ReplayEnvironment & { readonly clock: { now(): number; monotonic(): number } }
  now(): number
  /** Time stands still while this client has a request under way. */
  watch(client: KinesisClient): void
  /** Lets time jump from timer to timer until `work` has settled; a replay of hours takes as long as its requests. */
  run<Result>(work: Promise<Result>): Promise<Result>
}

export function virtualTime(): VirtualTime {
  let now = 0
  let requests = 0
  let timers: readonly Timer[] = []
  const monotonic = (): number => now
  const nextTimer = (): Timer | undefined =>
    timers.reduce<Timer | undefined>(
      (first, timer) => (first === undefined || timer.at < first.at ? timer : first),
      undefined,
    )
  return {
    environment: {
      clock: { now: monotonic, monotonic },
      random: { next: () => 0.5 },
      timers: {
        after(delayMs, callback) {
          const timer = { at: now + delayMs, callback }
          timers = [...timers, timer]
          return () => {
            timers = timers.filter((other) => other !== timer)
          }
        },
      },
    },
    now: monotonic,
    watch(client) {
      const count = async <Result>(send: () => Promise<Result>): Promise<Result> => {
        requests++
        try {
          return await send()
        } finally {
          requests--
        }
      }
      client.middlewareStack.add((next) => (args) => count(() => next(args)), { step: 'initialize' })
    },
    async run(work) {
      let isSettled = false
      const settled = (): void => {
        isSettled = true
      }
      work.then(settled, settled)
      for (let idleTurns = 0; !isSettled; ) {
        await new Promise((resolve) => setImmediate(resolve))
        idleTurns = requests === 0 ? idleTurns + 1 : 0
        if (idleTurns < IDLE_TURNS) continue
        idleTurns = 0
        const timer = nextTimer()
        if (timer === undefined) continue
        timers = timers.filter((other) => other !== timer)
        now = Math.max(now, timer.at)
        timer.callback()
      }
      return work
    },
  }
}
