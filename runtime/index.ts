/** `tidemark/run`: runs jobs. */
export type { CompletedCheckpoint } from './coordinator/checkpoint-coordinator.js'
export type { JobStatus } from './coordinator/job-status.js'
export {
  type ExponentialDelayOptions,
  exponentialDelay,
  type FailureRateOptions,
  type FixedDelayOptions,
  failureRate,
  fixedDelay,
  noRestart,
  type RestartDecision,
  type RestartFacts,
  type RestartStrategy,
} from './coordinator/restart-strategy.js'
export type { Savepoint } from './coordinator/savepoint.js'
export { systemEnvironment } from './environment/system.js'
export type { JobHandle, JobResult, StopOptions } from './local/handle.js'
export type { JobProgress, OperatorProgress } from './local/progress.js'
export { type LineLoggerOptions, type LogLevel, lineLogger } from './observe/console-logger.js'
export { type JsonLoggerOptions, jsonLogger } from './observe/json-logger.js'
export type { OperationsOptions } from './operations/options.js'
export { type CheckpointOptions, type RunOptions, run, type SavepointStart } from './run.js'
export type { DiskStateOptions, StateOptions } from './state/options.js'
export { GRACE_ENDED_EXIT_CODE, type StopOnSignalsOptions, stopOnSignals } from './stop-on-signals.js'
export { directoryStore } from './storage/directory.js'
export { memoryStore } from './storage/memory.js'
export type { ObjectStore, StoredObject } from './storage/object-store.js'
export { type OpenStoreOptions, openStore } from './storage/open-store.js'
export { checkStorage } from './storage/preflight.js'
export type { S3ClientLike, S3Encryption, S3StoreOptions } from './storage/s3/options.js'
