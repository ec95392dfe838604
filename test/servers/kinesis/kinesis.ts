import type { Environment } from '../../../core/environment.js'
import type { AwsError } from './aws-error.js'
import type { Subscriptions } from './fan-out/subscriptions.js'
import type { OnDemandGrowth } from './on-demand.js'
import type { JsonObject } from './request.js'
import type { ConsumerDelays } from './store/consumers.js'
import type { StreamStore } from './store/stream-store.js'
import type { ShardThrottles } from './throttle.js'
import type { TokenSealer } from './token.js'

/** Iterators of an older generation have expired. */
export interface IteratorAge {
  generation: number
}

/** What operations work on. */
export interface Kinesis {
  readonly environment: Environment
  readonly streams: StreamStore
  readonly tokens: TokenSealer
  /** Absent while the limits of shards are off. */
  readonly throttles: ShardThrottles | undefined
  readonly consumerDelays: ConsumerDelays
  readonly subscriptions: Subscriptions
  readonly growth: OnDemandGrowth
  readonly iterators: IteratorAge
  /** Makes safe what calls have changed. Absent while all is in memory only. */
  readonly commit?: () => Promise<void>
  /** A fault of one PutRecords: the error of its next record, undefined for one that is stored. */
  readonly failsRecord?: () => AwsError | undefined
}

/** One call of the API, from the parsed body to the body of the answer (`undefined`: an empty one). Throws AwsError. */
export type Operation = (kinesis: Kinesis, request: JsonObject) => JsonObject | undefined
