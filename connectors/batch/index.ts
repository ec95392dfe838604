export type { OnRejected } from '../dead-letters/options.js'
export type {
  BatchAnswer,
  BatchContext,
  FailAnswer,
  RejectAnswer,
  RetryAnswer,
  RowAnswer,
  SplitAnswer,
} from './answer.js'
export type { BatchSinkOptions } from './options.js'
export { batchSink } from './sink.js'
