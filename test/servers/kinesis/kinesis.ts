import type { Environment } from '../../../core/environment.js'
import type { Subscription } from './fan-out/subscription.js'
import type { Subscriptions } from './fan-out/subscriptions.js'
import type { JsonObject } from './request.js'
import type { ConsumerDelays } from './store/consumers.js'
import type { StreamStore } from './store/stream-store.js'
import type { ShardThrottles } from './throttle.js'
import type { TokenSealer } from './token.js'

/** What operations work on. */
export interface Kinesis {
  readonly environment: Environment
  readonly streams: StreamStore
  readonly tokens: TokenSealer
  /** Absent while the limits of shards are off. */
  readonly throttles: ShardThrottles | undefined
  readonly consumerDelays: ConsumerDelays
  readonly subscriptions: Subscriptions
}

/** One call of the API, from the parsed body to the body of the answer (`undefined`: an empty one). Throws AwsError. */
export type Operation = (kinesis: Kinesis, request: JsonObject) => JsonObject | undefined

/** The same for the one operation whose answer is a stream of events. */
export type StreamingOperation = (kinesis: Kinesis, request: JsonObject) => Subscription
