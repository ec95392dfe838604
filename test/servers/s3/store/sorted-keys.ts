/** Keys in the order of their UTF-8 bytes, which is the order that S3 lists them in. */
export class SortedKeys {
  readonly #keys: string[] = []

  add(key: string): void {
    const at = this.firstFrom(key)
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key)
  }

  delete(key: string): void {
    const at = this.firstFrom(key)
    if (this.#keys[at] === key) this.#keys.splice(at, 1)
  }

  /** The index of the first key that is not before `key`. */
  firstFrom(key: string): number {
    let [low, high] = [0, this.#keys.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareUtf8(this.#keys[middle]!, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  at(index: number): string | undefined {
    return this.#keys[index]
  }
}

/** UTF-16 code units order as UTF-8 does, but for surrogates: they stand for what comes after U+FFFF. */
export function compareUtf8(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length)
  for (let at = 0; at < shorter; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)]
    if (a !== b) return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1
  }
  return left.length - right.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}
