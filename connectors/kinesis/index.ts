export type { OnRejected } from '../dead-letters/options.js'
export type { KinesisFanOut } from './fan-out/options.js'
export type {
  KinesisDecoder,
  KinesisOptions,
  KinesisRecordMeta,
  KinesisStart,
  SequencePosition,
} from './options.js'
export { type JsonBytesOptions, jsonBytes } from './sink/json-bytes.js'
export type { AggregateOptions, KinesisSinkOptions } from './sink/options.js'
export { kinesisSink } from './sink/sink.js'
export { kinesis } from './source.js'
