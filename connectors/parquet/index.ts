export {
  type InferredParquetFormatOptions,
  type ParquetCompression,
  type ParquetEncodingOptions,
  type ParquetFormatOptions,
  parquetFormat,
} from './format.js'
export { type InferredSchema, type InferSchemaOptions, inferSchema } from './inferred-schema.js'
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
export { type InferredParquetSinkOptions, type ParquetSinkOptions, parquetSink } from './sink.js'
