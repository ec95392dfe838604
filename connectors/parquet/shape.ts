import { rowInvalid } from './misfit.js'

/** What kinds of values were seen at one place of rows, how often, and what is inside of them. */
export interface Shape {
  readonly kinds: Map<Kind, number>
  /** Of lists the elements, of maps the values; undefined while all were empty. */
  part: Shape | undefined
  /** Of maps. */
  keys: Shape | undefined
  /** Of objects. */
  readonly fields: Map<string, Shape>
}

/** `whole`: numbers that are whole and exact. */
export type Kind =
  | 'string'
  | 'boolean'
  | 'whole'
  | 'bigint'
  | 'fraction'
  | 'timestamp-ms'
  | 'binary'
  | 'list'
  | 'map'
  | 'struct'

/** For people. */
export const KIND_NAMES: Readonly<Record<Kind, string>> = {
  string: 'strings',
  boolean: 'booleans',
  whole: 'whole numbers',
  bigint: 'bigints',
  fraction: 'fractions',
  'timestamp-ms': 'Dates',
  binary: 'Uint8Arrays',
  list: 'arrays',
  map: 'Maps',
  struct: 'objects',
}

/** What is nested deeper holds itself, most often. */
const DEEPEST = 16

export function nothingSeen(): Shape {
  return { kinds: new Map(), part: undefined, keys: undefined, fields: new Map() }
}

/**
 * Adds what a value is, which `requireValue` let pass. Null and undefined tell nothing.
 * @returns bytes that it takes in memory, about
 */
export function see(shape: Shape, value: unknown): number {
  if (value === null || value === undefined) return 8
  const kind = kindOf(value)
  shape.kinds.set(kind, (shape.kinds.get(kind) ?? 0) + 1)
  let bytes = 16
  switch (kind) {
    case 'string':
    case 'binary':
      return bytes + (value as string | Uint8Array).length
    case 'list':
      for (const one of value as readonly unknown[]) {
        shape.part ??= nothingSeen()
        bytes += see(shape.part, one)
      }
      return bytes
    case 'map':
      for (const [key, one] of value as ReadonlyMap<unknown, unknown>) {
        shape.keys ??= nothingSeen()
        shape.part ??= nothingSeen()
        bytes += see(shape.keys, key) + see(shape.part, one)
      }
      return bytes
    case 'struct':
      for (const name in value as object) {
        bytes += see(fieldOf(shape, name), partOf(value as object, name))
      }
      return bytes
    default:
      return bytes
  }
}

/** Bytes that a value takes which `requireValue` did not let pass, about: it may hold itself. */
export function sizeAtFirstSight(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return sizeOfPart(value)
  let bytes = 16
  for (const name in value) bytes += sizeOfPart(partOf(value, name))
  return bytes
}

function sizeOfPart(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length
  return 16 + (ArrayBuffer.isView(value) ? value.byteLength : 0)
}

export function fieldOf({ fields }: Shape, name: string): Shape {
  const known = fields.get(name)
  if (known) return known
  const field = nothingSeen()
  fields.set(name, field)
  return field
}

/**
 * What is a value of no column spoils its row, not the schema.
 * @throws TidemarkError ROW_INVALID
 */
export function requireValue(value: unknown, path: string, depth = 1): void {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'function' || typeof value === 'symbol')
      throw rowInvalid(`column '${path}' has a ${typeof value}`)
    return
  }
  if (depth > DEEPEST) throw rowInvalid(`column '${path}' is nested more than ${DEEPEST} times`)
  if (Array.isArray(value)) for (const one of value) requireValue(one, `${path}[]`, depth + 1)
  else if (value instanceof Map) {
    for (const [key, one] of value) {
      requireValue(key, `${path}{}.key`, depth + 1)
      requireValue(one, `${path}{}`, depth + 1)
    }
  } else if (value instanceof Date || value instanceof Uint8Array) return
  else if (ArrayBuffer.isView(value)) {
    throw rowInvalid(`column '${path}' has a typed array, which is no list: make it one with Array.from`)
  } else {
    for (const name in value) {
      if (name === '') throw rowInvalid(`column '${path}' has a property without a name`)
      requireValue(partOf(value, name), `${path}.${name}`, depth + 1)
    }
  }
}

export function partOf(value: object, name: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[name]
}

function kindOf(value: NonNullable<unknown>): Kind {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return typeof value as 'string' | 'boolean' | 'bigint'
    case 'number':
      return Number.isSafeInteger(value) ? 'whole' : 'fraction'
    default:
      if (Array.isArray(value)) return 'list'
      if (value instanceof Date) return 'timestamp-ms'
      if (value instanceof Uint8Array) return 'binary'
      return value instanceof Map ? 'map' : 'struct'
  }
}
