export type { S3SinkEncryption, S3SinkOptions } from './options.js'
export { s3Sink } from './sink.js'
