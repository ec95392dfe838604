/**
 * MurmurHash3 x86 32 (Austin Appleby, public domain), unsigned, of the first `length` bytes. Part of the savepoint
 * format: it decides which key group a key belongs to, so its results never change.
 */
export function murmur3(bytes: Uint8Array, length: number, seed = 0): number {
  const blocksEnd = length & ~3
  let hash = seed | 0
  let at = 0
  for (; at < blocksEnd; at += 4) {
    // Indexes are below `length`, so none of these reads is undefined.
    const block =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    hash ^= scramble(block)
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  const tailLength = length - blocksEnd
  if (tailLength > 0) {
    let tail = bytes[at] as number
    if (tailLength > 1) tail |= (bytes[at + 1] as number) << 8
    if (tailLength > 2) tail |= (bytes[at + 2] as number) << 16
    hash ^= scramble(tail)
  }
  return finish(hash ^ length)
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51)
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
}

function finish(hash: number): number {
  let mixed = hash
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
