import type { SubscribeToShardEvent } from '@aws-sdk/client-kinesis'
import type { Environment } from '../../../core/environment.js'
import { noAnswer } from '../../batching/timed-call.js'
import type { FanOutEvent } from '../api.js'

export interface SubscriptionOptions {
  readonly environment: Environment
  /** Ends it: the connection, the wait for an event. */
  readonly controller: AbortController
  /** An open subscription says something every few seconds. After this it is taken for dead. */
  readonly silenceMs: number
}

/** The events of one SubscribeToShard. One `next` at a time; while nobody asks, nothing is read from the connection. */
export class Subscription {
  readonly #events: AsyncIterator<FanOutEvent>
  readonly #options: SubscriptionOptions

  constructor(events: AsyncIterable<FanOutEvent>, options: SubscriptionOptions) {
    this.#events = events[Symbol.asyncIterator]()
    this.#options = options
  }

  /** Undefined: it is over, as after five minutes. Throws what the service or the network put an end to it with. */
  async next(): Promise<SubscribeToShardEvent | undefined> {
    for (;;) {
      const event = await this.#nextWithin()
      if (event === undefined) return undefined
      if (event.SubscribeToShardEvent !== undefined) return event.SubscribeToShardEvent
      // The SDK throws them by itself; a client of the user's may be another version.
      const exception = Object.values(event).find((member) => member instanceof Error)
      if (exception !== undefined) throw exception
    }
  }

  close(): void {
    this.#options.controller.abort()
  }

  async #nextWithin(): Promise<FanOutEvent | undefined> {
    const { environment, controller, silenceMs } = this.#options
    let isSilent = false
    const cancel = environment.timers.after(silenceMs, () => {
      isSilent = true
      controller.abort()
    })
    try {
      const { done, value } = await this.#events.next()
      return done === true ? undefined : value
    } catch (thrown) {
      if (isSilent) throw noAnswer(silenceMs)
      throw thrown
    } finally {
      cancel()
    }
  }
}
