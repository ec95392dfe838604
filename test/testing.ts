/** `tidemark/testing`: what Tidemark tests itself with, for the tests of jobs, operators and connectors. */
export {
  type VirtualEnvironment,
  type VirtualEnvironmentOptions,
  virtualEnvironment,
} from '../runtime/environment/virtual.js'
export { type Splits, type TestJobOptions, TestRun, type TestSavepoint, testJob } from './job/test-job.js'
export {
  KINESIS_SHARD_LIMITS,
  type LocalKinesis,
  type LocalKinesisOptions,
  type LocalKinesisStats,
  type ShardLimits,
  startLocalKinesis,
} from './servers/kinesis/index.js'
