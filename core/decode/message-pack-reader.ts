import { messageOf, TidemarkError } from '../errors.js'

/*
 * Reads MessagePack (https://msgpack.org) of others. Hostile bytes give an error, never an out-of-memory: counts are
 * compared with the bytes left before anything is allocated, depth has a limit, and what containers take a budget. A
 * decoder of npm has none of the three (docs/design/002-codec.md), and checking the bytes before is the same walk.
 * Not core/codec: there a map is a Map, and extensions are the state's own.
 */

const MAX_DEPTH = 64
const CONTAINER_BYTES = 56
const SLOT_BYTES = 16
const BUDGET_BASE = 16 * 1024 * 1024
const BUDGET_PER_BYTE = 16
const TIMESTAMP = -1

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws TidemarkError RECORD_MALFORMED, which names the byte and quotes nothing */
export function readMessagePack(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes)
  try {
    return reader.whole()
  } catch (thrown) {
    if (thrown instanceof TidemarkError) throw thrown
    throw reader.malformed(messageOf(thrown))
  }
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  #at = 0
  #budget: number

  constructor(bytes: Uint8Array) {
    // Not a Buffer: `slice` of one copies nothing.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#end = bytes.length
    this.#budget = BUDGET_BASE + bytes.length * BUDGET_PER_BYTE
  }

  whole(): unknown {
    const value = this.#value(0)
    if (this.#at < this.#end) throw this.malformed(`${this.#end - this.#at} bytes behind the value`)
    return value
  }

  malformed(found: string): TidemarkError {
    return new TidemarkError({
      code: 'RECORD_MALFORMED',
      domain: 'user',
      message: `expected MessagePack, found at byte ${this.#at} of ${this.#end}: ${found}`,
    })
  }

  #value(depth: number): unknown {
    const token = this.#uint(1)
    if (token < 0x80) return token
    if (token < 0x90) return this.#map(token & 0x0f, depth)
    if (token < 0xa0) return this.#array(token & 0x0f, depth)
    if (token < 0xc0) return this.#text(token & 0x1f)
    if (token >= 0xe0) return token - 0x100
    return this.#tagged(token, depth)
  }

  #tagged(token: number, depth: number): unknown {
    switch (token) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#uint(1 << (token - 0xc4)))
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#uint(1 << (token - 0xc7)))
      case 0xca:
        return this.#view.getFloat32(this.#take(4))
      case 0xcb:
        return this.#view.getFloat64(this.#take(8))
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (token - 0xcc))
      case 0xcf:
        return exact(this.#view.getBigUint64(this.#take(8)))
      case 0xd0:
        return this.#view.getInt8(this.#take(1))
      case 0xd1:
        return this.#view.getInt16(this.#take(2))
      case 0xd2:
        return this.#view.getInt32(this.#take(4))
      case 0xd3:
        return exact(this.#view.getBigInt64(this.#take(8)))
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (token - 0xd4))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(1 << (token - 0xd9)))
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(2 << (token - 0xdc)), depth)
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(2 << (token - 0xde)), depth)
      default:
        throw this.malformed(`byte 0x${token.toString(16)}`)
    }
  }

  #array(length: number, depth: number): unknown[] {
    this.#enter(depth, length)
    const array: unknown[] = []
    for (let index = 0; index < length; index++) array.push(this.#value(depth + 1))
    return array
  }

  #map(size: number, depth: number): Record<string, unknown> {
    this.#enter(depth, size * 2)
    const object: Record<string, unknown> = {}
    for (let index = 0; index < size; index++) {
      const found = this.#value(depth + 1)
      if (typeof found !== 'string' && typeof found !== 'number')
        throw this.malformed('a key of neither text nor number')
      const key = String(found)
      const value = this.#value(depth + 1)
      // An assignment would set the prototype.
      if (key === '__proto__') {
        Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
      } else object[key] = value
    }
    return object
  }

  #text(length: number): string {
    const start = this.#take(length)
    return strict.decode(this.#bytes.subarray(start, start + length))
  }

  #binary(length: number): Uint8Array {
    const start = this.#take(length)
    this.#spend(CONTAINER_BYTES * 2)
    return this.#bytes.slice(start, start + length)
  }

  /** Of all extensions only timestamps mean the same to everybody. */
  #extension(length: number): Date {
    const type = this.#view.getInt8(this.#take(1))
    const at = this.#take(length)
    this.#spend(CONTAINER_BYTES)
    if (type !== TIMESTAMP) throw this.malformed(`extension type ${type}`)
    const date = new Date(this.#timestampMs(at, length))
    if (Number.isNaN(date.getTime())) throw this.malformed('a timestamp that no Date holds')
    return date
  }

  #timestampMs(at: number, length: number): number {
    const view = this.#view
    switch (length) {
      case 4:
        return view.getUint32(at) * 1000
      case 8: {
        const seconds = (view.getUint32(at) % 4) * 2 ** 32 + view.getUint32(at + 4)
        return seconds * 1000 + Math.floor((view.getUint32(at) >>> 2) / 1e6)
      }
      case 12:
        return Number(view.getBigInt64(at + 4)) * 1000 + Math.floor(view.getUint32(at) / 1e6)
      default:
        throw this.malformed(`a timestamp of ${length} bytes`)
    }
  }

  /** Every element takes at least a byte of what is left. */
  #enter(depth: number, elements: number): void {
    if (depth >= MAX_DEPTH) throw this.malformed(`more than ${MAX_DEPTH} levels`)
    if (elements > this.#end - this.#at) throw this.#truncated(elements)
    this.#spend(CONTAINER_BYTES + elements * SLOT_BYTES)
  }

  #spend(memory: number): void {
    this.#budget -= memory
    if (this.#budget < 0) throw this.malformed('more containers than its size allows')
  }

  #uint(length: number): number {
    const at = this.#take(length)
    if (length === 1) return this.#bytes[at] as number
    return length === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at)
  }

  #take(length: number): number {
    const start = this.#at
    if (length > this.#end - start) throw this.#truncated(length)
    this.#at = start + length
    return start
  }

  #truncated(wanted: number): TidemarkError {
    return this.malformed(`${this.#end - this.#at} of at least ${wanted} bytes more`)
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
