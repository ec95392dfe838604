export { decode } from './decode.js'
export { encode } from './encode.js'
export { ABSENT, SequenceDecoder, SequenceEncoder } from './sequence.js'
