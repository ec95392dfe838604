import { ByteWriter } from './byte-writer.js'
import {
  BIGINT,
  DATE,
  ENTRIES,
  MAX_DEPTH,
  SET,
  SHAPE,
  SHAPE_REFERENCE,
  TYPED_ARRAY,
  TYPED_ARRAYS,
  UNDEFINED,
  UTF16,
} from './format.js'
import { NotSerializable, notSerializable } from './not-serializable.js'
import { ShapeTable } from './shape-table.js'
import { isWellFormed } from './well-formed.js'

/**
 * Writes plain data: null, undefined, booleans, numbers, bigints, strings, arrays, plain objects, Map, Set, Date and
 * typed arrays (a Buffer reads back as a Uint8Array). It reads back equal, -0 and NaN included. An object that is
 * referenced twice reads back as two.
 * @throws TidemarkError STATE_NOT_SERIALIZABLE, naming the path, for anything else: nothing is dropped silently.
 */
export function encode(value: unknown): Uint8Array {
  const writer = new ByteWriter()
  try {
    new Encoder(writer).value(value, 0)
    return writer.finish()
  } catch (error) {
    writer.release()
    throw error instanceof NotSerializable ? notSerializable(value) : error
  }
}

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** One encoding: its shapes are numbered from the first value on. */
export class Encoder {
  private readonly writer: ByteWriter
  private readonly shapes = new ShapeTable()

  constructor(writer: ByteWriter) {
    this.writer = writer
  }

  value(value: unknown, depth: number): void {
    if (typeof value === 'string') this.string(value)
    else if (typeof value === 'number') this.number(value)
    else if (typeof value === 'object') {
      if (value === null) this.writer.byte(0xc0)
      else this.object(value, depth)
    } else if (typeof value === 'boolean') this.writer.byte(value ? 0xc3 : 0xc2)
    else if (typeof value === 'bigint') this.bigint(value)
    else if (value === undefined) this.writer.mark(UNDEFINED, 0)
    else throw new NotSerializable()
  }

  private number(value: number): void {
    const isInteger32 = (value | 0) === value || value >>> 0 === value
    if (isInteger32 && (value !== 0 || Object.is(value, 0))) this.writer.integer(value)
    else this.writer.float64(value)
  }

  private string(text: string): void {
    if (isWellFormed(text)) this.writer.string(text)
    else this.writer.extension(UTF16, utf16(text))
  }

  private bigint(value: bigint): void {
    if (value >= INT64_MIN && value <= INT64_MAX) this.writer.int64(value)
    else this.writer.extension(BIGINT, signAndMagnitude(value))
  }

  private object(value: object, depth: number): void {
    if (depth === MAX_DEPTH) throw new NotSerializable()
    // The prototype tells what it is: an instance of a class, a subclass of Map too, would read back as less.
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) {
      this.plainObject(value as Record<string, unknown>, depth)
    } else if (prototype === Array.prototype) {
      this.array(value as readonly unknown[], depth)
    } else if (prototype === Map.prototype) {
      this.map(value as ReadonlyMap<unknown, unknown>, depth)
    } else if (prototype === Set.prototype) {
      this.set(value as ReadonlySet<unknown>, depth)
    } else if (value instanceof Uint8Array) {
      this.writer.binary(value)
    } else if (prototype === Date.prototype) {
      const payload = new Uint8Array(8)
      new DataView(payload.buffer).setFloat64(0, (value as Date).getTime())
      this.writer.extension(DATE, payload)
    } else {
      this.typedArray(value, prototype)
    }
  }

  private plainObject(object: Readonly<Record<string, unknown>>, depth: number): void {
    const keys = Object.keys(object)
    const { length } = keys
    const shape = this.shapes.lookup(keys)
    if (shape === undefined) {
      this.writer.array(1 + 2 * length)
      this.writer.mark(ENTRIES, 0)
      for (let index = 0; index < length; index++) {
        const key = keys[index] as string
        this.string(key)
        this.value(object[key], depth + 1)
      }
      return
    }
    this.writer.array(1 + length)
    if (this.shapes.wasNew) this.writer.extension(SHAPE, shapePayload(keys))
    else if (shape.id < 0x100) this.writer.mark(SHAPE_REFERENCE, shape.id)
    else this.writer.extension(SHAPE_REFERENCE, Uint8Array.of(shape.id >> 8, shape.id & 0xff))
    for (let index = 0; index < length; index++) this.value(object[keys[index] as string], depth + 1)
  }

  private array(array: readonly unknown[], depth: number): void {
    this.writer.array(array.length)
    for (let index = 0; index < array.length; index++) this.value(array[index], depth + 1)
  }

  private map(map: ReadonlyMap<unknown, unknown>, depth: number): void {
    this.writer.map(map.size)
    for (const [key, value] of map) {
      this.value(key, depth + 1)
      this.value(value, depth + 1)
    }
  }

  private set(set: ReadonlySet<unknown>, depth: number): void {
    this.writer.array(1 + set.size)
    this.writer.mark(SET, 0)
    for (const value of set) this.value(value, depth + 1)
  }

  private typedArray(value: object, prototype: unknown): void {
    const type = TYPED_ARRAYS.findIndex((known) => known.prototype === prototype)
    if (type < 0 || !ArrayBuffer.isView(value)) throw new NotSerializable()
    const payload = new Uint8Array(1 + value.byteLength)
    payload[0] = type
    payload.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), 1)
    this.writer.extension(TYPED_ARRAY, payload)
  }
}

function shapePayload(keys: readonly string[]): Uint8Array {
  const writer = new ByteWriter()
  try {
    const encoder = new Encoder(writer)
    for (const key of keys) encoder.value(key, 0)
    return writer.finish()
  } catch (error) {
    writer.release()
    throw error
  }
}

function utf16(text: string): Uint8Array {
  const units = new Uint8Array(text.length * 2)
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    units[index * 2] = unit & 0xff
    units[index * 2 + 1] = unit >> 8
  }
  return units
}

function signAndMagnitude(value: bigint): Uint8Array {
  const digits = (value < 0n ? -value : value).toString(16)
  const hex = digits.length % 2 === 0 ? digits : `0${digits}`
  const payload = new Uint8Array(1 + hex.length / 2)
  payload[0] = value < 0n ? 0 : 1
  for (let at = 1; at < payload.length; at++) payload[at] = Number.parseInt(hex.slice(at * 2 - 2, at * 2), 16)
  return payload
}
