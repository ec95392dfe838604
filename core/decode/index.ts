export type { Decoder, RecordMeta } from './decoder.js'
export { json, jsonUnchecked } from './json.js'
export { type LinesOptions, lines } from './lines.js'
export { isManyDecoder, type ManyDecoder, type RecordDecoder, type RecordPiece } from './many-decoder.js'
export { messagePack, messagePackUnchecked } from './message-pack.js'
export {
  type RawRecord,
  RecordDecoding,
  type RecordDecodingOptions,
  type RecordPlace,
  type RecordProblem,
} from './record-decoding.js'
export { validateWith } from './schema.js'
export { decodeUtf8, text } from './utf8.js'
