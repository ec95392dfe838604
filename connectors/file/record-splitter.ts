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
    this.#carry = [Buffer.from(Buffer.concat(this.#carry).subarray(0, KEPT_BYTES))]
    // An unclosed quote ends with the record that it spoils.
    this.#inQuotes = false
  }

  #finish(endBytes: number): Frame {
    const start = this.#recordStart
    const end = start + this.#carryBytes + endBytes
    let bytes = this.#carry.length === 1 ? this.#carry[0]! : Buffer.concat(this.#carry)
    if (!this.#tooLarge && bytes.at(-1) === RETURN) bytes = bytes.subarray(0, -1)
    if (bytes.length > this.#maxRecordBytes) {
      this.#tooLarge = true
      bytes = bytes.subarray(0, KEPT_BYTES)
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
    for (let position = from; position < chunk.length; position++) {
      const byte = chunk[position]
      if (byte === QUOTE) this.#inQuotes = !this.#inQuotes
      else if (byte === NEWLINE && !this.#inQuotes) return position
    }
    return -1
  }
}
