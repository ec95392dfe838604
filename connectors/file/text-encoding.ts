const PIECE_CHARACTERS = 64 * 1024

/** Lines of one file on their way to bytes, many at a time. */
export class TextEncoding {
  #lines: string[] = []
  #characters = 0

  /** @param text without its end */
  line(text: string): void {
    this.#lines.push(text)
    this.#characters += text.length + 1
  }

  /** One byte a character: exact for ASCII. */
  get pendingBytes(): number {
    return this.#characters
  }

  get ready(): boolean {
    return this.#characters >= PIECE_CHARACTERS
  }

  take(): () => Uint8Array {
    const lines = this.#lines
    // The last one has an end, too.
    if (lines.length > 0) lines.push('')
    this.#lines = []
    this.#characters = 0
    // At once: rows that waited as thousands of short strings would cost more in garbage collection than all the rest.
    const bytes = Buffer.from(lines.join('\n'))
    return () => bytes
  }
}
