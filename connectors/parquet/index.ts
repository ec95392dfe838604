export {
  type ParquetCompression,
  type ParquetEncodingOptions,
  type ParquetFormatOptions,
  parquetFormat,
} from './format.js'
export type {
  ParquetColumn,
  ParquetDecimal,
  ParquetList,
  ParquetMap,
  ParquetMapKey,
  ParquetRow,
  ParquetScalar,
  ParquetScalarColumn,
  ParquetSchema,
  ParquetStruct,
} from './schema.js'
export { type ParquetSinkOptions, parquetSink } from './sink.js'
