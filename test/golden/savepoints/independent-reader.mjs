/*
 * Reads the keyed state of a savepoint by docs/savepoint-format.md alone. It imports nothing of Tidemark and no codec, so that
 * the page, the writer and Tidemark's own reader are held to the same thing.
 *
 *   node test/golden/savepoints/independent-reader.mjs FOLDER
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** CRC-32 of IEEE 802.3. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value
})
function crc32(bytes) {
  let crc = 0xffffffff
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

function check(condition, what) {
  if (!condition) throw new Error(`damaged: ${what}`)
}

/** Stands where a sequence has no value. */
const ABSENT = Symbol('absent')

const TYPED_ARRAYS = [
  [Int8Array, 1],
  [Uint8ClampedArray, 1],
  [Int16Array, 2],
  [Uint16Array, 2],
  [Int32Array, 4],
  [Uint32Array, 4],
  [Float32Array, 4],
  [Float64Array, 8],
  [BigInt64Array, 8],
  [BigUint64Array, 8],
]

/** A sequence of values, with one numbering of shapes. */
class Sequence {
  constructor(bytes) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = 0
    this.shapes = []
  }

  get hasMore() {
    return this.at < this.bytes.length
  }

  take(length) {
    check(this.at + length <= this.bytes.length, 'it ends within a value')
    this.at += length
    return this.at - length
  }

  unsigned(size) {
    const at = this.take(size)
    return size === 1 ? this.view.getUint8(at) : size === 2 ? this.view.getUint16(at) : this.view.getUint32(at)
  }

  slice(length) {
    const at = this.take(length)
    return this.bytes.subarray(at, at + length)
  }

  value() {
    const token = this.unsigned(1)
    if (token <= 0x7f) return token
    if (token <= 0x8f) return this.map(token & 0x0f)
    if (token <= 0x9f) return this.array(token & 0x0f)
    if (token <= 0xbf) return this.text(token & 0x1f)
    if (token >= 0xe0) return token - 256
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
        return this.slice(this.unsigned(1 << (token - 0xc4))).slice()
      case 0xcb:
        return this.view.getFloat64(this.take(8))
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.unsigned(1 << (token - 0xcc))
      case 0xd0:
        return this.view.getInt8(this.take(1))
      case 0xd1:
        return this.view.getInt16(this.take(2))
      case 0xd2:
        return this.view.getInt32(this.take(4))
      case 0xd3:
        return this.view.getBigInt64(this.take(8))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.unsigned(1 << (token - 0xd9)))
      case 0xdc:
      case 0xdd:
        return this.array(this.unsigned(token === 0xdc ? 2 : 4))
      case 0xde:
      case 0xdf:
        return this.map(this.unsigned(token === 0xde ? 2 : 4))
      default:
        return plainExtension(this.extension(token))
    }
  }

  extension(token) {
    const length =
      token === 0xd4 ? 1 : token === 0xd5 ? 2 : token >= 0xc7 && token <= 0xc9 ? this.unsigned(1 << (token - 0xc7)) : -1
    check(length >= 0, `byte ${token}`)
    return { type: this.unsigned(1), payload: this.slice(length) }
  }

  text(length) {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.slice(length))
  }

  map(size) {
    const map = new Map()
    for (let index = 0; index < size; index++) map.set(this.value(), this.value())
    return map
  }

  array(length) {
    const token = this.bytes[this.at]
    const typeAt = { 212: 1, 213: 1, 199: 2, 200: 3, 201: 5 }[token]
    const type = length > 0 && typeAt !== undefined ? this.bytes[this.at + typeAt] : -1
    if (type < 1 || type > 4) return this.values(length)
    const { payload } = this.extension(this.unsigned(1))
    if (type === 1) this.shapes.push(new Sequence(payload).rest())
    const shape = type === 1 ? this.shapes.at(-1) : this.shapes[payload.reduce((id, byte) => id * 256 + byte, 0)]
    const values = this.values(length - 1)
    if (type === 4) return new Set(values)
    if (type === 3) return record(everySecond(values, 0), everySecond(values, 1))
    check(shape !== undefined, 'an unknown shape')
    return record(shape, values)
  }

  values(length) {
    return Array.from({ length }, () => this.value())
  }

  rest() {
    const values = []
    while (this.hasMore) values.push(this.value())
    return values
  }
}

const everySecond = (values, from) => values.filter((_, at) => at % 2 === from)

function record(keys, values) {
  check(keys.length === values.length, 'keys without values')
  // As entries, so that a key `__proto__` is one like any other.
  return Object.fromEntries(keys.map((key, at) => [key, values[at]]))
}

function plainExtension({ type, payload }) {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  switch (type) {
    case 0:
      return undefined
    case 5: {
      const magnitude = [...payload.subarray(1)].reduce((number, byte) => number * 256n + BigInt(byte), 0n)
      return payload[0] === 0 ? -magnitude : magnitude
    }
    case 6: {
      const [TypedArray, size] = TYPED_ARRAYS[payload[0]] ?? []
      check(TypedArray !== undefined && (payload.length - 1) % size === 0, 'a typed array')
      return new TypedArray(payload.slice(1).buffer)
    }
    case 7:
      return new Date(view.getFloat64(0))
    case 8:
      return String.fromCharCode(...Array.from({ length: payload.length / 2 }, (_, at) => view.getUint16(at * 2, true)))
    case 9:
      return ABSENT
    default:
      throw new Error(`damaged: extension ${type}`)
  }
}

/** The key that a user gave. */
function userKey(internal) {
  if (typeof internal !== 'string' || !internal.startsWith('\0')) return internal
  if (internal[1] === 's') return internal.slice(2)
  check(internal[1] === 't', 'a key')
  const tuple = []
  for (let at = 2; at < internal.length; ) {
    const colon = internal.indexOf(':', at)
    const length = Number(internal.slice(at + 1, colon))
    const text = internal.slice(colon + 1, colon + 1 + length)
    const parse = { s: String, n: Number, i: BigInt, b: (word) => word === 'true' }[internal[at]]
    tuple.push(parse(text))
    at = colon + 1 + length
  }
  return tuple
}

function canonical(key) {
  if (Array.isArray(key)) {
    const parts = key.map(canonical).flatMap((bytes) => {
      return [
        (bytes.length >>> 24) & 255,
        (bytes.length >>> 16) & 255,
        (bytes.length >>> 8) & 255,
        bytes.length & 255,
        ...bytes,
      ]
    })
    return [0x74, ...parts]
  }
  switch (typeof key) {
    case 'string':
      return [0x73, ...new TextEncoder().encode(key)]
    case 'number': {
      const view = new DataView(new ArrayBuffer(8))
      view.setFloat64(0, key)
      return [0x6e, ...new Uint8Array(view.buffer)]
    }
    case 'bigint': {
      const magnitude = []
      for (let rest = key < 0n ? -key : key; rest > 0n; rest >>= 8n) magnitude.unshift(Number(rest & 255n))
      return [0x69, key < 0n ? 0 : 1, ...magnitude]
    }
    default:
      return [0x62, key ? 1 : 0]
  }
}

/** MurmurHash3 x86 32, seed 0, in exact integers. */
function murmur3(bytes) {
  const times = (left, right) => Number((BigInt(left) * BigInt(right)) & 0xffffffffn)
  const rotate = (value, by) => ((value << by) | (value >>> (32 - by))) >>> 0
  const mix = (block) => times(rotate(times(block, 0xcc9e2d51), 15), 0x1b873593)
  let hash = 0
  for (let at = 0; at < bytes.length; at += 4) {
    const block = bytes.slice(at, at + 4).reduce((number, byte, index) => number + byte * 256 ** index, 0)
    hash = (hash ^ mix(block)) >>> 0
    if (bytes.length - at >= 4) hash = (times(rotate(hash, 13), 5) + 0xe6546b64) % 2 ** 32
  }
  hash = (hash ^ bytes.length) >>> 0
  hash = times((hash ^ (hash >>> 16)) >>> 0, 0x85ebca6b)
  hash = times((hash ^ (hash >>> 13)) >>> 0, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Values compare by their content: keys of maps here. */
const identity = (value) =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `bigint ${part}` : Object.is(part, -0) ? '-0' : part))

/** One subtask's objects, applied in their order: by component and group, the entries. */
function applied(objects) {
  const stores = new Map()
  for (const { bytes, checkpoint } of objects) {
    check(String.fromCharCode(...bytes.subarray(0, 4)) === 'TMK0', 'no object of keyed state')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 4; at < bytes.length; ) {
      const [length, group] = [view.getUint32(at), view.getUint32(at + 4)]
      const sequence = new Sequence(bytes.subarray(at + 8, at + 8 + length))
      check(sequence.bytes.length === length, 'a frame beyond its object')
      applyFrame(stores, { sequence, group, checkpoint })
      at += 8 + length
    }
  }
  return stores
}

function applyFrame(stores, { sequence, group, checkpoint }) {
  const [component, layout, version, base] = [sequence.value(), sequence.value(), sequence.value(), sequence.value()]
  const name = `${component} ${group}`
  const store = stores.get(name) ?? { component, group, run: undefined, runs: [], isApplied: true, entries: new Map() }
  stores.set(name, store)
  if (store.run !== checkpoint) {
    store.run = checkpoint
    if (base === 0) {
      store.entries.clear()
      store.runs = []
    }
    store.isApplied = base === 0 || store.runs.includes(base)
    if (store.isApplied) store.runs.push(checkpoint)
  }
  if (!store.isApplied) return
  while (sequence.hasMore) {
    const [key, value] = [sequence.value(), sequence.value()]
    if (value !== ABSENT) store.entries.set(identity(key), { layout, version, key, value })
    else if (Array.isArray(key) && key.length === 1) {
      for (const [id, entry] of store.entries) if (identity(entry.key[0]) === identity(key[0])) store.entries.delete(id)
    } else store.entries.delete(identity(key))
  }
}

/** What a stored entry means. */
function* meant(component, { layout, key, value }) {
  if (component === 'timers') {
    const [domain, timestamp, of, namespace] = key
    yield {
      kind: 'timer',
      state: component,
      key: userKey(of),
      domain: ['event', 'processing'][domain],
      timestamp,
      namespace,
    }
  } else if (component === 'windows' && layout.startsWith('by-key ')) {
    for (const { start, end, contents, trigger } of value) {
      yield { kind: 'window', state: component, key: userKey(key), start, end, value: contents, trigger }
    }
  } else if (component === 'windows') {
    yield { kind: 'window', state: component, key: userKey(key[1]), start: key[0], value }
  } else {
    const [, timed, kind] = /^(timed-)?([a-z]+)-by-key/.exec(layout)
    const state = component.slice('state:'.length)
    const plain = !timed ? value : kind === 'list' ? value.map(([, element]) => element) : value[1]
    const parts = kind === 'map' ? { key: userKey(key[0]), mapKey: key[1] } : { key: userKey(key) }
    yield { kind, state, ...parts, value: plain }
  }
}

/** All entries of keyed state. `read` gives the bytes of an object by its name. */
export function readKeyedState(read) {
  const { body, crc32: seal } = JSON.parse(new TextDecoder().decode(read('savepoint.json')))
  check(crc32(new TextEncoder().encode(body)) === seal, 'savepoint.json')
  const { format, version, maxParallelism, operators } = JSON.parse(body)
  check(format === 'tidemark-savepoint' && version === 0, 'no savepoint of version 0')
  const found = []
  for (const { id, subtasks } of operators) {
    for (const { range, keyed } of subtasks) {
      const objects = keyed.map(({ name, length, crc32: sum, checkpoint }) => {
        const bytes = read(name)
        check(bytes.length === length && crc32(bytes) === sum, name)
        return { bytes, checkpoint }
      })
      for (const { component, group, isApplied, entries } of applied(objects).values()) {
        check(isApplied, `${id}: a run without its base`)
        check(group >= range.first && group < range.end, `${id}: a foreign key group`)
        for (const stored of entries.values()) {
          for (const entry of meant(component, stored)) {
            check(murmur3(canonical(entry.key)) % maxParallelism === group, `${id}: a key in another group`)
            found.push({ operator: id, group, ...entry })
          }
        }
      }
    }
  }
  return found
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = process.argv[2] ?? '.'
  for (const entry of readKeyedState((name) => new Uint8Array(readFileSync(join(folder, ...name.split('/')))))) {
    process.stdout.write(`${identity(entry)}\n`)
  }
}
