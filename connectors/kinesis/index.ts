export type { KinesisFanOut } from './fan-out/options.js'
export type {
  KinesisDecoder,
  KinesisOptions,
  KinesisRecordMeta,
  KinesisStart,
  SequencePosition,
} from './options.js'
export { kinesis } from './source.js'
