import { TidemarkError } from '../errors.js'
import type { Decoder } from './decoder.js'

const strict = new TextDecoder('utf-8', { fatal: true })

/**
 * The text of the bytes, without a byte order mark.
 * @throws TidemarkError RECORD_MALFORMED when they are not UTF-8: they would decode to something else than was sent.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    throw new TidemarkError({
      code: 'RECORD_MALFORMED',
      domain: 'user',
      message: `expected UTF-8, found other bytes among the record's ${bytes.byteLength}`,
    })
  }
}

/** The record as text. Bytes that are not UTF-8 make it malformed. */
export function text(): Decoder<string> {
  return decodeUtf8
}
