const PIECE_CHARACTERS = 64 * 1024

/** Text of one file on its way to bytes, in pieces. */
export class TextEncoding {
  #pieces: string[] = []
  #characters = 0

  append(text: string): void {
    this.#pieces.push(text)
    this.#characters += text.length
  }

  /** One byte a character: exact for ASCII. */
  get pendingBytes(): number {
    return this.#characters
  }

  get ready(): boolean {
    return this.#characters >= PIECE_CHARACTERS
  }

  take(): () => Uint8Array {
    const pieces = this.#pieces
    this.#pieces = []
    this.#characters = 0
    return () => Buffer.from(pieces.join(''))
  }
}
