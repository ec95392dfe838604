/** Keys as ranges of the record's bytes: made into text, and compared with the shard's range, when first asked for. */
export class KeyTable {
  readonly #bytes: Buffer
  readonly #isIn: (key: Uint8Array) => boolean
  readonly #ranges: number[] = []
  readonly #texts: (string | undefined)[] = []
  readonly #inside: (boolean | undefined)[] = []

  /** @param isIn whether the key lies in the shard's range */
  constructor(bytes: Uint8Array, isIn: (key: Uint8Array) => boolean) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#isIn = isIn
  }

  get size(): number {
    return this.#ranges.length / 2
  }

  add(start: number, end: number): void {
    this.#ranges.push(start, end)
  }

  text(index: number): string {
    let text = this.#texts[index]
    if (text === undefined) {
      // Not strict, as the KCL is not: a key that is no UTF-8 spoils no record.
      text = this.#bytes.toString('utf8', this.#ranges[index * 2], this.#ranges[index * 2 + 1])
      this.#texts[index] = text
    }
    return text
  }

  isInside(index: number): boolean {
    let inside = this.#inside[index]
    if (inside === undefined) {
      inside = this.#isIn(this.#key(index))
      this.#inside[index] = inside
    }
    return inside
  }

  #key(index: number): Uint8Array {
    return this.#bytes.subarray(this.#ranges[index * 2], this.#ranges[index * 2 + 1])
  }
}
