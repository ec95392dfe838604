import type { Decoder, RecordMeta } from './decoder.js'

/** One of the values that a record holds, not decoded yet. */
export interface RecordPiece<out T, in R extends RecordMeta = RecordMeta> {
  /** What it throws makes this piece malformed, and no other. */
  readonly decode: (record: R) => T
  /** What a dead letter keeps of it. Asked for only then. */
  readonly bytes: Uint8Array
}

/**
 * Turns the bytes of one record into any number of values: the lines of a text, the events of an envelope.
 * Made by `lines` and others; one of your own is an object with `pieces`.
 * @example lines(json(Event))
 */
export interface ManyDecoder<out T, in R extends RecordMeta = RecordMeta> {
  /**
   * Cuts the record. It gives the same pieces whenever it gets the same bytes: a checkpoint between two of them stores
   * how many were taken. Each is used before the next is asked for, so it may be one object, reused; `bytes` stay as
   * they are meanwhile. What it throws, at once or on the way, makes the rest of the record malformed.
   */
  readonly pieces: (bytes: Uint8Array, record: R) => Iterable<RecordPiece<T, R>>
}

/** What the decoders of sources accept: one value a record, or any number of them. */
export type RecordDecoder<T, R extends RecordMeta = RecordMeta> =
  | ((bytes: Uint8Array, record: R) => T)
  | ManyDecoder<T, R>

export function isManyDecoder<T, R extends RecordMeta>(
  decoder: RecordDecoder<T, R> | Decoder<T> | undefined,
): decoder is ManyDecoder<T, R> {
  return typeof decoder === 'object' && decoder !== null && typeof decoder.pieces === 'function'
}
