import { TidemarkError } from '../errors.js'
import {
  ABSENT_MARK,
  BIGINT,
  DATE,
  MAX_DEPTH,
  MAX_SHAPES,
  SET,
  SHAPE,
  SHAPE_REFERENCE,
  TYPED_ARRAY,
  TYPED_ARRAYS,
  UNDEFINED,
  UTF16,
} from './format.js'

/**
 * Reads what `encode` wrote. Hostile bytes give an error, never an out-of-memory: counts are checked against the bytes
 * left before anything is allocated, depth and shapes have limits, and what all containers take has a budget.
 * @throws TidemarkError CHECKPOINT_CORRUPT, naming the offset
 */
export function decode(bytes: Uint8Array): unknown {
  const decoder = new Decoder(bytes)
  try {
    return decoder.all()
  } catch (error) {
    if (error instanceof TidemarkError) throw error
    // Text that is no UTF-8, a bigint beyond what the machine can hold: the reasons that are not checked one by one.
    throw corrupt(decoder.offset, 'malformed data', error)
  }
}

export function corrupt(offset: number, found: string, cause?: unknown): TidemarkError {
  return new TidemarkError({
    code: 'CHECKPOINT_CORRUPT',
    domain: 'storage',
    message: `stored state, offset ${offset}: expected a value as Tidemark writes it, found ${found}`,
    cause,
  })
}

/** What a container takes beside its elements, about: an empty Map is one byte in the input. */
const CONTAINER_BYTES = 40
const COLLECTION_BYTES = 240
const SLOT_BYTES = 8
const BUDGET_BASE = 256 * 1024 * 1024
const BUDGET_PER_BYTE = 32

// A byte order mark is text like any other.
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const SHORT_TEXT = 24
/** One list of character codes for each length, reused. */
const CODES = Array.from({ length: SHORT_TEXT + 1 }, (_, length) => new Array<number>(length).fill(0))

export class Decoder {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly end: number
  private at = 0
  private budget: number
  private readonly shapes: (readonly string[])[] = []

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.end = bytes.length
    this.budget = BUDGET_BASE + bytes.length * BUDGET_PER_BYTE
  }

  get offset(): number {
    return this.at
  }

  all(): unknown {
    const value = this.value(0)
    if (this.at !== this.end) throw corrupt(this.at, `${this.end - this.at} bytes more`)
    return value
  }

  get hasMore(): boolean {
    return this.at < this.end
  }

  /** Whether an ABSENT_MARK comes next, which is then read. */
  takeAbsent(): boolean {
    const { bytes, at } = this
    if (bytes[at] !== 0xd4 || bytes[at + 1] !== ABSENT_MARK || bytes[at + 2] !== 0) return false
    this.at = at + 3
    return true
  }

  value(depth: number): unknown {
    const token = this.uint8()
    if (token < 0x80) return token
    if (token < 0x90) return this.map(token & 0x0f, depth)
    if (token < 0xa0) return this.array(token & 0x0f, depth)
    if (token < 0xc0) return this.text(token & 0x1f)
    if (token >= 0xe0) return token - 0x100
    return this.tagged(token, depth)
  }

  private tagged(token: number, depth: number): unknown {
    switch (token) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
        return this.binary(this.uint8())
      case 0xc5:
        return this.binary(this.uint16())
      case 0xc6:
        return this.binary(this.uint32())
      case 0xcb:
        return this.view.getFloat64(this.take(8))
      case 0xcc:
        return this.uint8()
      case 0xcd:
        return this.uint16()
      case 0xce:
        return this.uint32()
      case 0xd0:
        return this.view.getInt8(this.take(1))
      case 0xd1:
        return this.view.getInt16(this.take(2))
      case 0xd2:
        return this.view.getInt32(this.take(4))
      case 0xd3:
        return this.view.getBigInt64(this.take(8))
      case 0xd9:
        return this.text(this.uint8())
      case 0xda:
        return this.text(this.uint16())
      case 0xdb:
        return this.text(this.uint32())
      case 0xdc:
        return this.array(this.uint16(), depth)
      case 0xdd:
        return this.array(this.uint32(), depth)
      case 0xde:
        return this.map(this.uint16(), depth)
      case 0xdf:
        return this.map(this.uint32(), depth)
      default: {
        const length = this.extensionLength(token)
        const type = this.uint8()
        return this.extension(type, this.payload(length))
      }
    }
  }

  private array(length: number, depth: number): unknown {
    this.enter(depth)
    this.claim(length, length * SLOT_BYTES + CONTAINER_BYTES)
    const type = length === 0 ? -1 : this.peekExtensionType()
    if (type >= SHAPE && type <= SET) return this.marked(type, length - 1, depth)
    const array: unknown[] = []
    for (let index = 0; index < length; index++) array.push(this.value(depth + 1))
    return array
  }

  /** An array that begins with a mark stands for something else. */
  private marked(type: number, length: number, depth: number): unknown {
    const markLength = this.extensionLength(this.uint8())
    this.take(1)
    if (type === SHAPE || type === SHAPE_REFERENCE) {
      const keys = type === SHAPE ? this.newShape(this.payload(markLength)) : this.knownShape(markLength)
      return this.object(keys, length, depth)
    }
    this.take(markLength)
    return type === SET ? this.set(length, depth) : this.entries(length, depth)
  }

  private object(keys: readonly string[], length: number, depth: number): unknown {
    if (keys.length !== length) throw corrupt(this.at, `${length} values for ${keys.length} keys`)
    const object: Record<string, unknown> = {}
    for (let index = 0; index < length; index++) assign(object, keys[index] as string, this.value(depth + 1))
    return object
  }

  private set(length: number, depth: number): unknown {
    this.spend(COLLECTION_BYTES)
    const set = new Set()
    for (let index = 0; index < length; index++) set.add(this.value(depth + 1))
    return set
  }

  private entries(length: number, depth: number): unknown {
    if (length % 2 !== 0) throw corrupt(this.at, 'a key without a value')
    const object: Record<string, unknown> = {}
    for (let index = 0; index < length; index += 2) {
      const key = this.value(depth + 1)
      if (typeof key !== 'string') throw corrupt(this.at, 'a key that is not text')
      assign(object, key, this.value(depth + 1))
    }
    return object
  }

  private newShape(payload: Uint8Array): readonly string[] {
    if (this.shapes.length === MAX_SHAPES) throw corrupt(this.at, `more than ${MAX_SHAPES} shapes`)
    const keys = new Decoder(payload).strings()
    this.shapes.push(keys)
    return keys
  }

  private strings(): readonly string[] {
    const strings: string[] = []
    while (this.at < this.end) {
      const text = this.value(MAX_DEPTH)
      if (typeof text !== 'string') throw corrupt(this.at, 'a key that is not text')
      strings.push(text)
    }
    return strings
  }

  private knownShape(markLength: number): readonly string[] {
    const id = markLength === 1 ? this.uint8() : markLength === 2 ? this.uint16() : this.shapes.length
    const keys = this.shapes[id]
    if (keys === undefined) throw corrupt(this.at, `shape ${id}, which was not defined`)
    return keys
  }

  private map(size: number, depth: number): unknown {
    this.enter(depth)
    this.claim(size * 2, COLLECTION_BYTES + size * 4 * SLOT_BYTES)
    const map = new Map()
    for (let index = 0; index < size; index++) {
      const key = this.value(depth + 1)
      map.set(key, this.value(depth + 1))
    }
    return map
  }

  private extension(type: number, payload: Uint8Array): unknown {
    const { length } = payload
    this.spend(CONTAINER_BYTES)
    switch (type) {
      case UNDEFINED:
        if (length === 1) return undefined
        break
      case BIGINT:
        if (length > 1) return readBigint(payload)
        break
      case TYPED_ARRAY: {
        const TypedArray = TYPED_ARRAYS[payload[0] ?? TYPED_ARRAYS.length]
        if (TypedArray === undefined || (length - 1) % TypedArray.BYTES_PER_ELEMENT !== 0) break
        this.spend(COLLECTION_BYTES)
        // Copied, because the elements must lie on a multiple of their size.
        return new TypedArray(payload.slice(1).buffer)
      }
      case DATE:
        if (length !== 8) break
        return new Date(new DataView(payload.buffer, payload.byteOffset, 8).getFloat64(0))
      case UTF16:
        if (length % 2 === 0) return readUtf16(payload)
        break
    }
    throw corrupt(this.at, `extension ${type} of ${length} bytes`)
  }

  private binary(length: number): Uint8Array {
    this.spend(COLLECTION_BYTES)
    return this.payload(length).slice()
  }

  private text(length: number): string {
    if (length <= SHORT_TEXT) {
      const start = this.at
      const codes = CODES[length] as number[]
      const { bytes } = this
      if (start + length > this.end) throw this.truncated(length)
      let index = 0
      for (; index < length; index++) {
        const byte = bytes[start + index] as number
        if (byte >= 0x80) break
        codes[index] = byte
      }
      if (index === length) {
        this.at = start + length
        return String.fromCharCode.apply(null, codes)
      }
    }
    return textDecoder.decode(this.payload(length))
  }

  private peekExtensionType(): number {
    const { at, bytes } = this
    switch (bytes[at]) {
      case 0xd4:
      case 0xd5:
        return bytes[at + 1] ?? -1
      case 0xc7:
        return bytes[at + 2] ?? -1
      case 0xc8:
        return bytes[at + 3] ?? -1
      case 0xc9:
        return bytes[at + 5] ?? -1
      default:
        return -1
    }
  }

  private extensionLength(token: number): number {
    switch (token) {
      case 0xd4:
        return 1
      case 0xd5:
        return 2
      case 0xc7:
        return this.uint8()
      case 0xc8:
        return this.uint16()
      case 0xc9:
        return this.uint32()
      default:
        throw corrupt(this.at - 1, `byte 0x${token.toString(16)}`)
    }
  }

  /** A view of the next bytes. */
  private payload(length: number): Uint8Array {
    const start = this.take(length)
    return this.bytes.subarray(start, start + length)
  }

  private enter(depth: number): void {
    if (depth >= MAX_DEPTH) throw corrupt(this.at, `more than ${MAX_DEPTH} levels`)
  }

  /** Every element takes at least a byte of what is left. */
  private claim(elements: number, memory: number): void {
    if (elements > this.end - this.at) throw this.truncated(elements)
    this.spend(memory)
  }

  private spend(memory: number): void {
    this.budget -= memory
    if (this.budget < 0) throw corrupt(this.at, 'more containers than its size allows')
  }

  private uint8(): number {
    return this.bytes[this.take(1)] as number
  }

  private uint16(): number {
    return this.view.getUint16(this.take(2))
  }

  private uint32(): number {
    return this.view.getUint32(this.take(4))
  }

  private take(length: number): number {
    const start = this.at
    if (start + length > this.end) throw this.truncated(length)
    this.at = start + length
    return start
  }

  private truncated(wanted: number): TidemarkError {
    return corrupt(this.at, `only ${this.end - this.at} of at least ${wanted} bytes more`)
  }
}

function assign(object: Record<string, unknown>, key: string, value: unknown): void {
  // An assignment would set the prototype.
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  } else object[key] = value
}

function readBigint(payload: Uint8Array): bigint {
  let hex = '0x'
  for (let at = 1; at < payload.length; at++) hex += (payload[at] as number).toString(16).padStart(2, '0')
  return payload[0] === 0 ? -BigInt(hex) : BigInt(hex)
}

function readUtf16(payload: Uint8Array): string {
  let text = ''
  for (let at = 0; at < payload.length; at += 2) {
    text += String.fromCharCode((payload[at] as number) | ((payload[at + 1] as number) << 8))
  }
  return text
}
