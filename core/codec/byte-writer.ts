const INITIAL_SIZE = 64 * 1024
/** A larger buffer is let go after use. */
const KEPT_SIZE = 4 * 1024 * 1024

/** Taken by the writer in use, so that a writer inside another (a getter that encodes) gets one of its own. */
let pooled: Uint8Array | undefined

const textEncoder = new TextEncoder()

/** Appends MessagePack's headers and payloads to a buffer that grows. */
export class ByteWriter {
  private bytes: Uint8Array
  private view: DataView
  private at = 0

  /** With a size: a buffer of its own, for a writer that stays open beside others. */
  constructor(size?: number) {
    if (size === undefined) {
      this.bytes = pooled ?? new Uint8Array(INITIAL_SIZE)
      pooled = undefined
    } else this.bytes = new Uint8Array(size)
    this.view = new DataView(this.bytes.buffer)
  }

  get length(): number {
    return this.at
  }

  /** A copy of what was written so far; writing begins anew. */
  take(): Uint8Array {
    const result = this.bytes.slice(0, this.at)
    this.at = 0
    return result
  }

  /** A copy of what was written. The writer must not be used after it. */
  finish(): Uint8Array {
    const result = this.bytes.slice(0, this.at)
    this.release()
    return result
  }

  /** Gives the buffer back without a result. */
  release(): void {
    if (this.bytes.length <= KEPT_SIZE) pooled = this.bytes
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.at++] = value
  }

  /** A 32-bit integer, signed or not, in its shortest form. */
  integer(value: number): void {
    this.reserve(5)
    const { bytes } = this
    if (value >= -0x20 && value < 0x80) {
      bytes[this.at++] = value & 0xff
    } else if (value >= 0) {
      if (value < 0x100) this.header8(0xcc, value)
      else if (value < 0x10000) this.header16(0xcd, value)
      else this.header32(0xce, value)
    } else if (value >= -0x80) this.header8(0xd0, value)
    else if (value >= -0x8000) this.header16(0xd1, value)
    else this.header32(0xd2, value)
  }

  float64(value: number): void {
    this.reserve(9)
    this.bytes[this.at++] = 0xcb
    this.view.setFloat64(this.at, value)
    this.at += 8
  }

  int64(value: bigint): void {
    this.reserve(9)
    this.bytes[this.at++] = 0xd3
    this.view.setBigInt64(this.at, value)
    this.at += 8
  }

  /** Well-formed text. */
  string(text: string): void {
    const { length } = text
    if (length < 32 && this.shortAscii(text)) return
    this.reserve(5 + length * 3)
    // The header's size depends on the length in bytes, which is known afterwards.
    const start = this.at + 5
    const { written } = textEncoder.encodeInto(text, this.bytes.subarray(start))
    if (written < 0x20) this.bytes[this.at++] = 0xa0 | written
    else if (written < 0x100) this.header8(0xd9, written)
    else if (written < 0x10000) this.header16(0xda, written)
    else this.header32(0xdb, written)
    this.bytes.copyWithin(this.at, start, start + written)
    this.at += written
  }

  array(length: number): void {
    this.reserve(5)
    if (length < 0x10) this.bytes[this.at++] = 0x90 | length
    else if (length < 0x10000) this.header16(0xdc, length)
    else this.header32(0xdd, length)
  }

  map(size: number): void {
    this.reserve(5)
    if (size < 0x10) this.bytes[this.at++] = 0x80 | size
    else if (size < 0x10000) this.header16(0xde, size)
    else this.header32(0xdf, size)
  }

  binary(payload: Uint8Array): void {
    this.reserve(5)
    if (payload.length < 0x100) this.header8(0xc4, payload.length)
    else if (payload.length < 0x10000) this.header16(0xc5, payload.length)
    else this.header32(0xc6, payload.length)
    this.raw(payload)
  }

  /** An extension of one byte. */
  mark(type: number, value: number): void {
    this.reserve(3)
    const { bytes } = this
    bytes[this.at++] = 0xd4
    bytes[this.at++] = type
    bytes[this.at++] = value
  }

  extension(type: number, payload: Uint8Array): void {
    this.reserve(6)
    const { length } = payload
    if (length === 1) this.bytes[this.at++] = 0xd4
    else if (length === 2) this.bytes[this.at++] = 0xd5
    else if (length < 0x100) this.header8(0xc7, length)
    else if (length < 0x10000) this.header16(0xc8, length)
    else this.header32(0xc9, length)
    this.bytes[this.at++] = type
    this.raw(payload)
  }

  private shortAscii(text: string): boolean {
    const { length } = text
    this.reserve(1 + length)
    const { bytes, at } = this
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit >= 0x80) return false
      bytes[at + 1 + index] = unit
    }
    bytes[at] = 0xa0 | length
    this.at = at + 1 + length
    return true
  }

  private raw(payload: Uint8Array): void {
    this.reserve(payload.length)
    this.bytes.set(payload, this.at)
    this.at += payload.length
  }

  private header8(token: number, value: number): void {
    this.bytes[this.at] = token
    this.bytes[this.at + 1] = value
    this.at += 2
  }

  private header16(token: number, value: number): void {
    this.bytes[this.at] = token
    this.view.setUint16(this.at + 1, value)
    this.at += 3
  }

  private header32(token: number, value: number): void {
    this.bytes[this.at] = token
    this.view.setUint32(this.at + 1, value)
    this.at += 5
  }

  private reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.at + size, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.at))
    this.bytes = grown
    this.view = new DataView(grown.buffer)
  }
}
