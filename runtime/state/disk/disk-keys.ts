import { isWellFormed } from '../../../core/codec/well-formed.js'
import type { InternalKey } from '../../../core/state/key.js'

/*
 * Keys of the scratch database. Performs no I/O.
 *
 *   leaf    01, number of the space (48 bits, big endian), tag, key
 *   chunk   02, number of the chunk (48 bits, big endian)
 *
 *   's' UTF-8; 'u' UTF-16 of a string that has no UTF-8; 'n' binary64; 'i' decimal digits; 'b' 00 or 01
 */
const LEAF = 1
const CHUNK = 2
const PREFIX_BYTES = 7

const STRING = 0x73
const UTF16 = 0x75
const NUMBER = 0x6e
const BIGINT = 0x69
const BOOLEAN = 0x62

/** What lmdb takes with its smallest pages is a little less than two thousand. */
const LONGEST = 1800
/** A code unit takes three bytes at most. */
const SURELY_SHORT = Math.floor((LONGEST - PREFIX_BYTES - 1) / 3)

/** Undefined: the key is too long to be one here. */
export function leafKey(space: number, key: InternalKey): Buffer | undefined {
  if (typeof key === 'string') return stringKey(space, key)
  if (typeof key === 'number') {
    const bytes = prefixed(space, NUMBER, 8)
    // As in a Map, -0 is 0.
    bytes.writeDoubleBE(key + 0, PREFIX_BYTES + 1)
    return bytes
  }
  if (typeof key === 'boolean') {
    const bytes = prefixed(space, BOOLEAN, 1)
    bytes[PREFIX_BYTES + 1] = key ? 1 : 0
    return bytes
  }
  const digits = key.toString()
  if (digits.length > SURELY_SHORT) return undefined
  const bytes = prefixed(space, BIGINT, digits.length)
  bytes.write(digits, PREFIX_BYTES + 1, 'latin1')
  return bytes
}

function stringKey(space: number, key: string): Buffer | undefined {
  if (key.length > LONGEST) return undefined
  const encoding = isWellFormed(key) ? 'utf8' : 'utf16le'
  const length = Buffer.byteLength(key, encoding)
  if (length > LONGEST - PREFIX_BYTES - 1) return undefined
  const bytes = prefixed(space, encoding === 'utf8' ? STRING : UTF16, length)
  bytes.write(key, PREFIX_BYTES + 1, encoding)
  return bytes
}

/** The inverse of `leafKey`. */
export function keyOfLeaf(bytes: Uint8Array): InternalKey {
  const at = PREFIX_BYTES + 1
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (bytes[PREFIX_BYTES]) {
    case STRING:
      return text.toString('utf8', at)
    case UTF16:
      return text.toString('utf16le', at)
    case NUMBER:
      return text.readDoubleBE(at)
    case BOOLEAN:
      return bytes[at] === 1
    default:
      return BigInt(text.toString('latin1', at))
  }
}

/** Below all leaves of the space, and above all of the one before. */
export function spaceStart(space: number): Buffer {
  return prefixed(space, 0, 0)
}

export function chunkKey(chunk: number): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES)
  bytes[0] = CHUNK
  bytes.writeUIntBE(chunk, 1, PREFIX_BYTES - 1)
  return bytes
}

function prefixed(space: number, tag: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + 1 + length)
  bytes[0] = LEAF
  bytes.writeUIntBE(space, 1, PREFIX_BYTES - 1)
  bytes[PREFIX_BYTES] = tag
  return bytes
}
