export type { OnRejected } from '../dead-letters/options.js'
export {
  type AggregatedRecord,
  Aggregator,
  type AggregatorOptions,
  deaggregate,
  type HashKey,
  type HashKeyRange,
  hashKeyOfRecord,
  hashKeyRange,
  isInRange,
  type UserRecord,
} from './aggregation/index.js'
export type { KinesisFanOut } from './fan-out/options.js'
export type { KinesisDecoder, KinesisOptions, KinesisRecordMeta, KinesisValueDecoder } from './options.js'
export type { KinesisEnd, KinesisStart, SequencePosition } from './positions.js'
export { type JsonBytesOptions, jsonBytes } from './sink/json-bytes.js'
export type { AggregateOptions, KinesisSinkOptions } from './sink/options.js'
export { kinesisSink } from './sink/sink.js'
export { kinesis } from './source.js'
export type { HashRange } from './split.js'
