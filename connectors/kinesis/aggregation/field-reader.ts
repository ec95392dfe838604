import { DELIMITED, FIXED32, FIXED64, VARINT } from './wire.js'

/** In the place of a number or an offset: the bytes are not well formed there. */
export const MALFORMED = -1
const LONGEST_VARINT = 10

/** Reads fields of a protobuf message, and never past the limit that it is given. It allocates nothing. */
export class FieldReader {
  readonly bytes: Uint8Array
  /** Where the last thing read ends. Undefined in meaning after MALFORMED. */
  next = 0

  constructor(bytes: Uint8Array) {
    // Not a Buffer: its views are slower to make.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** MALFORMED too for what no number holds exactly: no length and no index of a record that exists. */
  varint(at: number, limit: number): number {
    const { bytes } = this
    if (at < limit && (bytes[at] as number) < 0x80) {
      this.next = at + 1
      return bytes[at] as number
    }
    const last = Math.min(limit, at + LONGEST_VARINT)
    let value = 0
    let factor = 1
    for (let position = at; position < last; position++) {
      const byte = bytes[position] as number
      value += (byte & 0x7f) * factor
      if (byte < 0x80) {
        this.next = position + 1
        return Number.isSafeInteger(value) ? value : MALFORMED
      }
      factor *= 0x80
    }
    return MALFORMED
  }

  /** Where the value of a field with this tag begins, without its length. */
  value(tag: number, at: number, limit: number): number {
    // Field numbers begin at 1 and have 29 bits.
    if (tag < 8 || tag > 0xffff_ffff) return MALFORMED
    switch (tag & 7) {
      case VARINT:
        return this.#passVarint(at, limit) ? at : MALFORMED
      case FIXED64:
        return this.#pass(at, 8, limit)
      case FIXED32:
        return this.#pass(at, 4, limit)
      case DELIMITED: {
        const length = this.varint(at, limit)
        return length === MALFORMED ? MALFORMED : this.#pass(this.next, length, limit)
      }
      default:
        // Groups were gone from protobuf before this format was made.
        return MALFORMED
    }
  }

  #pass(at: number, length: number, limit: number): number {
    this.next = at + length
    return this.next <= limit ? at : MALFORMED
  }

  #passVarint(at: number, limit: number): boolean {
    const last = Math.min(limit, at + LONGEST_VARINT)
    for (let position = at; position < last; position++) {
      if ((this.bytes[position] as number) >= 0x80) continue
      this.next = position + 1
      return true
    }
    return false
  }
}
