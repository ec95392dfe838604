export type { Decoder, RecordMeta } from './decoder.js'
export { json, jsonUnchecked } from './json.js'
export {
  type RawRecord,
  RecordDecoding,
  type RecordDecodingOptions,
  type RecordPlace,
  type RecordProblem,
} from './record-decoding.js'
export { validateWith } from './schema.js'
export { decodeUtf8, text } from './utf8.js'
