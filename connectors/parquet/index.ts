export { type ParquetCompression, type ParquetFormatOptions, parquetFormat } from './format.js'
export type { ParquetColumn, ParquetRow, ParquetSchema, ParquetType } from './schema.js'
export { type ParquetSinkOptions, parquetSink } from './sink.js'
