export { type DevKinesisOptions, runDevKinesis } from './dev.js'
export type {
  KinesisFault,
  KinesisFaultHook,
  KinesisFaultRule,
  KinesisFaults,
  KinesisRequest,
  RecordErrorCode,
  SubscriptionEnding,
} from './faults.js'
export type { KinesisOperationName } from './operations/names.js'
export type { LocalKinesisOptions } from './options.js'
export { type LocalKinesis, type LocalKinesisStats, startLocalKinesis } from './server.js'
export { KINESIS_SHARD_LIMITS, type ShardLimits } from './throttle.js'
