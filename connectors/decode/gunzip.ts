import { gunzipSync } from 'node:zlib'
import { isManyDecoder, type ManyDecoder, type RecordDecoder, type RecordMeta } from '../../core/decode/index.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { optionInvalid, requireKnownOptions } from '../../core/options.js'

export interface GunzipOptions {
  /** What a record may inflate to. One that would be larger is malformed; no more than this is allocated. Default 16 MiB. */
  readonly maxBytes?: number
}

export const MAX_INFLATED_BYTES = 16 * 1024 * 1024

/**
 * Records that are compressed with gzip; what is in them is decoded by the other decoder. A record that is not gzip,
 * is cut off or inflates to more than `maxBytes` is malformed. A dead letter has the record as it came; one of a single
 * value among several has that value, inflated.
 * @example kinesis({ stream: 'logs', startAt: 'horizon', decode: gunzip(lines(json(Event))) })
 */
export function gunzip<T, R extends RecordMeta = RecordMeta>(
  decoder: (bytes: Uint8Array, record: R) => T,
  options?: GunzipOptions,
): (bytes: Uint8Array, record: R) => T
export function gunzip<T, R extends RecordMeta = RecordMeta>(
  decoder: ManyDecoder<T, R>,
  options?: GunzipOptions,
): ManyDecoder<T, R>
export function gunzip<T, R extends RecordMeta>(
  decoder: RecordDecoder<T, R>,
  options: GunzipOptions = {},
): RecordDecoder<T, R> {
  requireKnownOptions('gunzip', options, { maxBytes: true })
  const { maxBytes = MAX_INFLATED_BYTES } = options
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) {
    throw optionInvalid('gunzip', `maxBytes is a whole number above 0, found ${maxBytes}`)
  }
  if (isManyDecoder(decoder)) {
    return { pieces: (bytes, record) => decoder.pieces(inflate(bytes, maxBytes), record) }
  }
  return (bytes, record) => decoder(inflate(bytes, maxBytes), record)
}

/** @throws TidemarkError RECORD_MALFORMED, RECORD_TOO_LARGE */
export function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes })
  } catch (thrown) {
    if ((thrown as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new TidemarkError({
        code: 'RECORD_TOO_LARGE',
        domain: 'user',
        message: `the record's ${bytes.byteLength} bytes inflate to more than the ${maxBytes} of maxBytes`,
      })
    }
    throw new TidemarkError({
      code: 'RECORD_MALFORMED',
      domain: 'user',
      message: `expected gzip, found something else (${bytes.byteLength} bytes): ${messageOf(thrown)}`,
    })
  }
}
