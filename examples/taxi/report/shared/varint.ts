/**
 * Unsigned LEB128 integers up to 2^53 - 1: seven bits a byte, low ones first. Division instead of shifts, because a
 * packed geohash has 35 bits and JavaScript shifts 32.
 */

export function writeVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}

/** Reads integers one after the other. `done` when the bytes are used up. */
export interface VarintReader {
  readonly done: () => boolean
  readonly next: () => number
}

export function varintReader(bytes: Uint8Array): VarintReader {
  let at = 0
  return {
    done: () => at >= bytes.length,
    next: () => {
      let value = 0
      let factor = 1
      for (;;) {
        const byte = bytes[at++] ?? 0
        value += (byte % 128) * factor
        if (byte < 128) return value
        factor *= 128
      }
    },
  }
}

export function bytesOfBase64(text: string): Uint8Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}
