import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { type VirtualEnvironment, virtualEnvironment } from 'tidemark/testing'

/** So many turns of the event loop without a request under way: nothing is left to do at this moment. */
const QUIET_TURNS = 5

/** Virtual time for a job whose requests are real: it stands still while one of them is under way. */
export function passingTime() {
  const environment: VirtualEnvironment = virtualEnvironment()
  let requests = 0
  const quiet = async (): Promise<void> => {
    for (let turns = 0; turns < QUIET_TURNS; ) {
      await new Promise((resolve) => setImmediate(resolve))
      await environment.settle()
      turns = requests === 0 ? turns + 1 : 0
    }
  }
  return {
    environment,
    watch(client: KinesisClient): void {
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
    async pass(ms: number): Promise<void> {
      const until = environment.clock.now() + ms
      await quiet()
      for (let at = environment.nextTimerAt; at !== undefined && at <= until; at = environment.nextTimerAt) {
        await environment.advance(Math.max(0, at - environment.clock.now()))
        await quiet()
      }
      await environment.advance(until - environment.clock.now())
    },
  }
}
