import { isWellFormed } from '../codec/well-formed.js'
import { TidemarkError } from '../errors.js'
import type { InternalKey, Key, KeyScalar } from './key.js'
import { assertKey, isKeyScalar } from './key-check.js'
import { murmur3 } from './murmur3.js'

/*
 * The canonical bytes of a key, frozen: they decide the key group and are part of the savepoint format.
 *
 *   string   's' UTF-8
 *   number   'n' IEEE 754 binary64, big endian; -0 is written as 0
 *   bigint   'i' 00 (negative) or 01, then the magnitude, big endian, without leading zero bytes
 *   boolean  'b' 00 or 01
 *   tuple    't' and for each element its length (u32, big endian) and its bytes as above
 *
 * Different keys have different bytes: the tag tells the type, and a tuple tells where each element ends.
 */
const TAG_STRING = 0x73
const TAG_NUMBER = 0x6e
const TAG_BIGINT = 0x69
const TAG_BOOLEAN = 0x62
const TAG_TUPLE = 0x74

const SCRATCH_LIMIT = 64 * 1024
/** Reused by every call: hashing a key must not allocate. A key that needs more than the limit gets a buffer of its own. */
let scratch = new Uint8Array(1024)
let scratchView = new DataView(scratch.buffer)
let kept = scratch

/** @throws TidemarkError KEY_INVALID for whatever is not a key. */
export function encodeKey(key: Key): Uint8Array {
  const length = write(key)
  const bytes = scratch.slice(0, length)
  release()
  return bytes
}

/**
 * MurmurHash3 of the canonical bytes, unsigned.
 * @throws TidemarkError KEY_INVALID for whatever is not a key.
 */
export function hashKey(key: Key): number {
  const length = write(key)
  const hash = murmur3(scratch, length)
  if (scratch !== kept) release()
  return hash
}

function write(key: Key): number {
  if (typeof key === 'string') {
    reserve(key.length * 3 + 1)
    return writeString(key, 0)
  }
  assertKey(key)
  if (typeof key !== 'object') return writeScalar(key, 0)
  let at = 1
  reserve(at)
  scratch[0] = TAG_TUPLE
  for (let index = 0; index < key.length; index++) {
    reserve(at + 4)
    // `assertKey` has seen every element.
    const end = writeScalar(key[index] as KeyScalar, at + 4)
    scratchView.setUint32(at, end - at - 4)
    at = end
  }
  return at
}

function writeScalar(key: KeyScalar, start: number): number {
  switch (typeof key) {
    case 'string':
      reserve(start + key.length * 3 + 1)
      return writeString(key, start)
    case 'number':
      reserve(start + 9)
      scratch[start] = TAG_NUMBER
      // Adding 0 turns -0 into 0 and changes nothing else.
      scratchView.setFloat64(start + 1, key + 0)
      return start + 9
    case 'boolean':
      reserve(start + 2)
      scratch[start] = TAG_BOOLEAN
      scratch[start + 1] = key ? 1 : 0
      return start + 2
    default:
      return writeBigint(key, start)
  }
}

/** The caller has reserved three bytes for each code unit, the most that UTF-8 takes, and one for the tag. */
function writeString(text: string, start: number): number {
  const bytes = scratch
  const length = text.length
  let at = start
  bytes[at++] = TAG_STRING
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) {
      bytes[at++] = unit
    } else if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >> 6)
      bytes[at++] = 0x80 | (unit & 0x3f)
    } else if (unit < 0xd800 || unit > 0xdfff) {
      bytes[at++] = 0xe0 | (unit >> 12)
      bytes[at++] = 0x80 | ((unit >> 6) & 0x3f)
      bytes[at++] = 0x80 | (unit & 0x3f)
    } else {
      const low = index + 1 < length ? text.charCodeAt(index + 1) : 0
      // A lone surrogate has no UTF-8 form: `assertKey` says so.
      if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) assertKey(text)
      const point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
      index++
      bytes[at++] = 0xf0 | (point >> 18)
      bytes[at++] = 0x80 | ((point >> 12) & 0x3f)
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f)
      bytes[at++] = 0x80 | (point & 0x3f)
    }
  }
  return at
}

function writeBigint(value: bigint, start: number): number {
  const negative = value < 0n
  const digits = value === 0n ? '' : (negative ? -value : value).toString(16)
  const hex = digits.length % 2 === 0 ? digits : `0${digits}`
  const length = hex.length / 2
  reserve(start + 2 + length)
  scratch[start] = TAG_BIGINT
  scratch[start + 1] = negative ? 0 : 1
  for (let index = 0; index < length; index++) {
    scratch[start + 2 + index] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16)
  }
  return start + 2 + length
}

function reserve(size: number): void {
  if (size <= scratch.length) return
  const grown = new Uint8Array(Math.max(size, scratch.length * 2))
  grown.set(scratch)
  scratch = grown
  scratchView = new DataView(scratch.buffer)
  if (grown.length <= SCRATCH_LIMIT) kept = grown
}

/** One huge key does not hold its memory for ever. */
function release(): void {
  if (scratch === kept) return
  scratch = kept
  scratchView = new DataView(scratch.buffer)
}

/*
 * Internal keys. A scalar stands for itself, but for strings that begin with NUL: these are taken by
 *
 *   NUL 's' the string itself                                     a string key that begins with NUL
 *   NUL 't' for each element: tag, length, ':', its text          a tuple
 */
const NUL = 0
const ESCAPED_STRING = '\0s'
const TUPLE = '\0t'

/**
 * The form under which state is stored.
 * @throws TidemarkError KEY_INVALID for whatever is not a key.
 */
export function toInternalKey(key: Key): InternalKey {
  switch (typeof key) {
    case 'string':
      if (!isWellFormed(key)) assertKey(key)
      return key.charCodeAt(0) === NUL ? ESCAPED_STRING + key : key
    case 'number':
      if (!Number.isFinite(key)) assertKey(key)
      return key + 0
    case 'bigint':
    case 'boolean':
      return key
    default:
      assertKey(key)
      return tupleToInternal(key)
  }
}

function tupleToInternal(tuple: readonly KeyScalar[]): string {
  let internal = TUPLE
  for (let index = 0; index < tuple.length; index++) {
    const element = tuple[index] as KeyScalar
    if (typeof element === 'string') {
      internal += `s${element.length}:${element}`
    } else {
      // Of a bigint and a boolean this is exact, and of a number the shortest text that reads back as the same number.
      const text = String(typeof element === 'number' ? element + 0 : element)
      internal += `${typeof element === 'number' ? 'n' : typeof element === 'bigint' ? 'i' : 'b'}${text.length}:${text}`
    }
  }
  return internal
}

/**
 * The key as the user gave it (but 0 for -0).
 * @throws TidemarkError CHECKPOINT_CORRUPT when `toInternalKey` cannot have made it.
 */
export function fromInternalKey(internal: InternalKey): Key {
  if (typeof internal !== 'string' || internal.charCodeAt(0) !== NUL) return internal
  if (internal.startsWith(ESCAPED_STRING)) return internal.slice(ESCAPED_STRING.length)
  if (!internal.startsWith(TUPLE)) throw notInternal()
  const tuple: KeyScalar[] = []
  let at = TUPLE.length
  while (at < internal.length) {
    const colon = internal.indexOf(':', at)
    const end = colon + 1 + Number(internal.slice(at + 1, colon))
    if (colon < at + 2 || !(end <= internal.length)) throw notInternal()
    tuple.push(scalarOf(internal[at] as string, internal.slice(colon + 1, end)))
    at = end
  }
  return tuple
}

function scalarOf(tag: string, text: string): KeyScalar {
  if (tag === 's') return text
  if (tag === 'b' && (text === 'true' || text === 'false')) return text === 'true'
  if (tag === 'i' && /^-?\d+$/.test(text)) return BigInt(text)
  if (tag === 'n' && text !== '' && isKeyScalar(Number(text))) return Number(text)
  throw notInternal()
}

function notInternal(): TidemarkError {
  return new TidemarkError({
    code: 'CHECKPOINT_CORRUPT',
    domain: 'storage',
    message: 'stored key: expected a key as Tidemark writes it, found a malformed tuple',
  })
}
