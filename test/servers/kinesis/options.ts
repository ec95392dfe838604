import type { Environment, Random } from '../../../core/environment.js'
import { TidemarkError } from '../../../core/errors.js'
import type { SubscriptionSettings } from './fan-out/subscriptions.js'
import type { KinesisFaultHook, KinesisFaultRule, KinesisRequest } from './faults.js'
import type { ConsumerDelays } from './store/consumers.js'
import type { StoreSettings } from './store/stream-store.js'
import { KINESIS_SHARD_LIMITS, type ShardLimits } from './throttle.js'

export interface LocalKinesisOptions {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default 127.0.0.1. Whoever reaches the port can read and write everything. */
  readonly host?: string
  readonly environment?: Environment
  /** The limits a shard has a second: off by default, `true` for those of Kinesis, or some of them changed. */
  readonly limits?: boolean | Partial<ShardLimits>
  /** How long records can be read. Default 24. */
  readonly retentionHours?: number
  /** Memory for the records of each stream; the oldest go when it is full, and are counted. Default: no bound. */
  readonly retentionBytes?: number
  /** Where streams and records are kept across restarts, also after a kill. Default: in memory only. */
  readonly directory?: string
  /** Whether a call with changes is answered only when the disk has them, against a loss of power. Default false. */
  readonly fsync?: boolean
  /** How long a new stream is CREATING. Default 0. */
  readonly streamCreationMs?: number
  /** Open shards over all streams. Default 1000. */
  readonly shardLimit?: number
  /** A shard of an on-demand stream that took more than half of a shard's limits for so long is split. Default 60,000. */
  readonly onDemandWindowMs?: number
  /** How long a new consumer is CREATING, and one that is deregistered DELETING. Default 0. */
  readonly consumerCreationMs?: number
  readonly consumerDeletionMs?: number
  /** How long a subscription of SubscribeToShard lives. Default 300,000, as with Kinesis. */
  readonly subscriptionMs?: number
  /** How long after it began no other one of the same consumer and shard takes it over. Default 5000. */
  readonly takeoverMs?: number
  /** A subscription without records gets an empty event so often. Default 5000. */
  readonly heartbeatMs?: number
  /** How long each call waits before it is applied. Default 0. */
  readonly latencyMs?: number | ((request: KinesisRequest) => number)
  /** What goes wrong from the start; `faults.add` adds to it. */
  readonly faults?: KinesisFaultHook | readonly KinesisFaultRule[]
  /** Decides the rates of faults. Default: the environment's. */
  readonly random?: Random
}

/** Options with their defaults, checked. */
export interface Settings {
  readonly limits: ShardLimits | undefined
  readonly store: StoreSettings
  readonly consumerDelays: ConsumerDelays
  readonly subscriptions: SubscriptionSettings
  readonly onDemandWindowMs: number
}

/** @throws TidemarkError KINESIS_OPTION_INVALID */
export function settingsOf(options: LocalKinesisOptions): Settings {
  checkPort(options.port ?? 0)
  if (typeof options.latencyMs === 'number') notNegative('latencyMs', options.latencyMs)
  if (options.fsync === true && options.directory === undefined) throw invalidOption('fsync needs a directory')
  const limits = shardLimits(options.limits ?? false)
  return {
    limits,
    store: {
      retentionMs: positive('retentionHours', options.retentionHours ?? 24) * 3_600_000,
      retentionBytes: positive('retentionBytes', options.retentionBytes ?? Number.POSITIVE_INFINITY),
      streamCreationMs: notNegative('streamCreationMs', options.streamCreationMs ?? 0),
      shardLimit: positive('shardLimit', options.shardLimit ?? 1000),
    },
    onDemandWindowMs: positive('onDemandWindowMs', options.onDemandWindowMs ?? 60_000),
    consumerDelays: {
      creationMs: notNegative('consumerCreationMs', options.consumerCreationMs ?? 0),
      deletionMs: notNegative('consumerDeletionMs', options.consumerDeletionMs ?? 0),
    },
    subscriptions: {
      lifeMs: positive('subscriptionMs', options.subscriptionMs ?? 300_000),
      takeoverMs: notNegative('takeoverMs', options.takeoverMs ?? 5000),
      heartbeatMs: positive('heartbeatMs', options.heartbeatMs ?? 5000),
      bytesPerSecond: limits?.subscriptionBytes,
    },
  }
}

function shardLimits(given: boolean | Partial<ShardLimits>): ShardLimits | undefined {
  if (given === false) return undefined
  const limits = given === true ? KINESIS_SHARD_LIMITS : { ...KINESIS_SHARD_LIMITS, ...given }
  for (const [name, value] of Object.entries(limits)) positive(`limits.${name}`, value)
  return limits
}

function positive(option: string, value: number): number {
  if (value > 0) return value
  throw invalidOption(`${option} must be a number greater than 0, found ${value}`)
}

function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return
  throw invalidOption(`port must be a whole number from 0 (any free port) to 65535, found ${port}`)
}

function notNegative(option: string, value: number): number {
  if (value >= 0) return value
  throw invalidOption(`${option} must be a number that is not negative, found ${value}`)
}

function invalidOption(what: string): TidemarkError {
  return new TidemarkError({ code: 'KINESIS_OPTION_INVALID', domain: 'user', message: `local Kinesis: ${what}` })
}
