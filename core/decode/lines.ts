import { requireKnownOptions } from '../options.js'
import type { RecordMeta } from './decoder.js'
import type { ManyDecoder, RecordPiece } from './many-decoder.js'

export interface LinesOptions {
  /** Whether lines of nothing but white space are values too. Default false. */
  readonly blankLines?: boolean
}

const NEWLINE = 0x0a
const RETURN = 0x0d

/**
 * Each line of the record (LF or CRLF) is decoded by itself: `lines(json(Event))` for JSON lines, `lines(text())` for
 * text. A line that cannot be decoded spoils no other. A line is decoded without its end, and the first one without a
 * byte order mark.
 * @example kinesis({ stream: 'events', startAt: 'horizon', decode: lines(json(Event)) })
 */
export function lines<T, R extends RecordMeta = RecordMeta>(
  decoder: (bytes: Uint8Array, record: R) => T,
  options: LinesOptions = {},
): ManyDecoder<T, R> {
  requireKnownOptions('lines', options, { blankLines: true })
  const { blankLines = false } = options
  return {
    *pieces(bytes) {
      const line = new Line(decoder)
      let from = hasByteOrderMark(bytes) ? 3 : 0
      while (from < bytes.length) {
        const newline = bytes.indexOf(NEWLINE, from)
        const end = newline < 0 ? bytes.length : newline
        line.bytes = bytes.subarray(from, end > from && bytes[end - 1] === RETURN ? end - 1 : end)
        if (blankLines || !isBlank(line.bytes)) yield line
        from = end + 1
      }
    },
  }
}

class Line<T, R extends RecordMeta> implements RecordPiece<T, R> {
  bytes: Uint8Array = new Uint8Array()
  readonly #decoder: (bytes: Uint8Array, record: R) => T

  constructor(decoder: (bytes: Uint8Array, record: R) => T) {
    this.#decoder = decoder
  }

  readonly decode = (record: R): T => this.#decoder(this.bytes, record)
}

function hasByteOrderMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

function isBlank(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) return false
  return true
}
