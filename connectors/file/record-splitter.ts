import type { Frame } from './format.js'

const NEWLINE = 0x0a
const RETURN = 0x0d
const QUOTE = 0x22
/** What is kept of a record that is too large. */
const KEPT_BYTES = 1024

export interface RecordSplitterOptions {
  readonly quoted: boolean
  readonly maxRecordBytes: number
  /** Offset of the first byte that `push` gets. */
  readonly offset: number
}

/**
 * Cuts a stream of bytes into lines (LF or CRLF), or into CSV rows when `quoted`. Holds at most one record. A record
 * beyond the limit is dropped as it comes, up to the next line's end, and becomes a frame with a problem.
 */
export class RecordSplitter {
  readonly #quoted: boolean
  readonly #maxRecordBytes: number
  /** The beginning of a record whose end was not seen yet. */
  #carry: Buffer[] = []
  #carryBytes = 0
  #recordStart: number
  #inQuotes = false
  #tooLarge = false

  constructor(options: RecordSplitterOptions) {
    this.#quoted = options.quoted
    this.#maxRecordBytes = options.maxRecordBytes
    this.#recordStart = options.offset
  }

  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = []
    let from = 0
    while (from < chunk.length) {
      const newline = this.#findEnd(chunk, from)
      const to = newline === -1 ? chunk.length : newline
      this.#append(chunk, from, to)
      if (newline === -1) break
      frames.push(this.#finish(1))
      from = newline + 1
    }
    return frames
  }

  /** The input has ended: the record without a line's end, if there is one. */
  end(): Frame[] {
    return this.#carryBytes === 0 ? [] : [this.#finish(0)]
  }

  #append(chunk: Buffer, from: number, to: number): void {
    if (from === to) return
    this.#carryBytes += to - from
    if (!this.#tooLarge) this.#carry.push(chunk.subarray(from, to))
    // One byte more for the carriage return that may turn out to belong to the line's end.
    if (this.#carryBytes > this.#maxRecordBytes + 1) this.#overflow()
  }

  #overflow(): void {
    if (this.#tooLarge) return
    this.#tooLarge = true
    // A copy: the whole would be kept in memory by a part of it.
    this.#carry = [Buffer.from(this.#kept(Buffer.concat(this.#carry)))]
  }

  #kept(bytes: Buffer): Buffer {
    return bytes.subarray(0, Math.min(KEPT_BYTES, this.#maxRecordBytes))
  }

  #finish(endBytes: number): Frame {
    const start = this.#recordStart
    const end = start + this.#carryBytes + endBytes
    let bytes = this.#carry.length === 1 ? this.#carry[0]! : Buffer.concat(this.#carry)
    if (!this.#tooLarge && bytes.at(-1) === RETURN) bytes = bytes.subarray(0, -1)
    if (bytes.length > this.#maxRecordBytes) {
      this.#tooLarge = true
      bytes = this.#kept(bytes)
    }
    const frame: Frame = { start, end, bytes }
    if (this.#tooLarge) {
      frame.problem = {
        code: 'RECORD_TOO_LARGE',
        message: `the record has ${this.#carryBytes} bytes, maxRecordBytes is ${this.#maxRecordBytes}`,
      }
    }
    this.#recordStart = end
    this.#carry = []
    this.#carryBytes = 0
    this.#inQuotes = false
    this.#tooLarge = false
    return frame
  }

  /** The line's end that ends the record, or -1. */
  #findEnd(chunk: Buffer, from: number): number {
    if (!this.#quoted || this.#tooLarge) return chunk.indexOf(NEWLINE, from)
    // Where the limit is passed an unclosed quote is given up, so that it spoils one record and not the rest.
    const limit = from + this.#maxRecordBytes + 2 - this.#carryBytes
    const to = Math.min(chunk.length, limit)
    for (let position = from; position < to; position++) {
      const byte = chunk[position]
      if (byte === QUOTE) this.#inQuotes = !this.#inQuotes
      else if (byte === NEWLINE && !this.#inQuotes) return position
    }
    if (limit <= chunk.length) return chunk.indexOf(NEWLINE, limit)
    return -1
  }
}
