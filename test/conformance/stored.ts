import { decode, encode } from '../../core/codec/index.js'

/** As it comes back from a checkpoint. @throws TidemarkError STATE_NOT_SERIALIZABLE */
export function throughCheckpoint<S>(value: S): S {
  // What was encoded is what is decoded.
  return decode(encode(value)) as S
}

/** As it comes back from a checkpoint, or itself where it cannot be stored: one check tells of that, the others go on. */
export function stored<S>(value: S): S {
  try {
    return throughCheckpoint(value)
  } catch {
    return value
  }
}
