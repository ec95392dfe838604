import type { FileEncoder } from './format.js'

const PIECE_CHARACTERS = 64 * 1024

/** Rows of one file as lines of text, in UTF-8. */
export class LineEncoder<in T> implements FileEncoder<T> {
  readonly #textOf: (row: T) => string
  #lines: string[] = []
  /** One byte a character: exact for ASCII. */
  pendingBytes = 0

  /** @param textOf a row's text, without the line's end. @throws TidemarkError ROW_INVALID */
  constructor(textOf: (row: T) => string) {
    this.#textOf = textOf
  }

  add(row: T): void {
    const text = this.#textOf(row)
    this.#lines.push(text)
    this.pendingBytes += text.length + 1
  }

  get ready(): boolean {
    return this.pendingBytes >= PIECE_CHARACTERS
  }

  take(): Uint8Array {
    const lines = this.#lines
    // The last one has an end, too.
    if (lines.length > 0) lines.push('')
    this.#lines = []
    this.pendingBytes = 0
    // At once: rows that waited as thousands of short strings would cost more in garbage collection than all the rest.
    return Buffer.from(lines.join('\n'))
  }

  end(): Uint8Array {
    return this.take()
  }
}
