/** `tidemark/testing`: what Tidemark tests itself with, for the tests of jobs, operators and connectors. */
export {
  type VirtualEnvironment,
  type VirtualEnvironmentOptions,
  virtualEnvironment,
} from '../runtime/environment/virtual.js'
export type { ConformanceCheck } from './conformance/check.js'
export type { SinkSetup, SinkWorld, TwoPhaseSinkSetup } from './conformance/sink/setup.js'
export { sinkConformance, twoPhaseSinkConformance } from './conformance/sink/suite.js'
export type { MalformedWorld, SourceSetup, SourceWorld } from './conformance/source/setup.js'
export { sourceConformance } from './conformance/source/suite.js'
export {
  ALL_AT_ONCE,
  ALL_MODES,
  type Emitted,
  emitted,
  endOfInput,
  FULL_OUTPUT,
  type HarnessCase,
  type HarnessInput,
  type HarnessMode,
  type HarnessOptions,
  ONE_BY_ONE,
  type OperatorHarness,
  operatorHarness,
  processingTime,
  RECOVERED,
  RESCALED,
  RESTORED,
  record,
  watermark,
} from './harness/index.js'
export { type MalformedRecord, malformed } from './job/malformed-record.js'
export { type Splits, type TestJobOptions, TestRun, type TestSavepoint, testJob } from './job/test-job.js'
export {
  KINESIS_SHARD_LIMITS,
  type KinesisFault,
  type KinesisFaultHook,
  type KinesisFaultRule,
  type KinesisFaults,
  type KinesisOperationName,
  type KinesisRequest,
  type LocalKinesis,
  type LocalKinesisOptions,
  type LocalKinesisStats,
  type RecordErrorCode,
  type ShardLimits,
  type SubscriptionEnding,
  startLocalKinesis,
} from './servers/kinesis/index.js'
export {
  type LocalOpenSearch,
  type LocalOpenSearchOptions,
  type OpenSearchAccess,
  type OpenSearchFault,
  type OpenSearchFaultHook,
  type OpenSearchFaultRule,
  type OpenSearchFaults,
  type OpenSearchOperationName,
  type OpenSearchRequest,
  startLocalOpenSearch,
} from './servers/opensearch/index.js'
export {
  type LocalS3,
  type LocalS3Credentials,
  type LocalS3Options,
  type LocalS3Stats,
  type LocalS3Upload,
  type S3Fault,
  type S3FaultHook,
  type S3FaultRule,
  type S3Faults,
  type S3OperationName,
  type S3PolicyStatement,
  type S3Request,
  startLocalS3,
} from './servers/s3/index.js'
