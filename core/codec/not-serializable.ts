import { TidemarkError } from '../errors.js'
import { MAX_DEPTH, TYPED_ARRAYS } from './format.js'

/** Thrown inside the encoder, which does not know where it is: the path is looked for only then. */
export class NotSerializable {}

/** The error for a value that the encoder refused: names the first part of it that cannot be written. */
export function notSerializable(value: unknown): TidemarkError {
  const { path, found } = locate(value, '', 0) ?? { path: '', found: 'something else' }
  return new TidemarkError({
    code: 'STATE_NOT_SERIALIZABLE',
    domain: 'user',
    message:
      `state at ${path === '' ? 'the top' : path}: expected plain data (numbers, strings, booleans, bigints, null, ` +
      'arrays, plain objects, Map, Set, Date, typed arrays), found ' +
      `${found}; keep its data in the state and make it anew from that`,
  })
}

interface Found {
  readonly path: string
  readonly found: string
}

function locate(value: unknown, path: string, depth: number): Found | undefined {
  if (typeof value === 'function') return { path, found: 'a function' }
  if (typeof value === 'symbol') return { path, found: 'a symbol' }
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === MAX_DEPTH) return { path: shorten(path), found: `more than ${MAX_DEPTH} levels, or a cycle` }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Map.prototype) return locateInMap(value as ReadonlyMap<unknown, unknown>, path, depth)
  if (prototype === Set.prototype) return first(value as ReadonlySet<unknown>, (at) => `${path}{${at}}`, depth)
  if (prototype === Array.prototype) return first(value as readonly unknown[], (at) => `${path}[${at}]`, depth)
  if (prototype === Object.prototype || prototype === null) {
    const keys = Object.keys(value)
    return first(Object.values(value), (at) => `${path}.${keys[at]}`, depth)
  }
  if (prototype === Date.prototype || value instanceof Uint8Array) return undefined
  if (TYPED_ARRAYS.some((known) => known.prototype === prototype)) return undefined
  if (value instanceof Promise) return { path, found: 'a promise (await it first)' }
  return { path, found: `an instance of ${value.constructor?.name || 'a class'}` }
}

function locateInMap(map: ReadonlyMap<unknown, unknown>, path: string, depth: number): Found | undefined {
  return (
    first(map.keys(), (at) => `${path}<key ${at}>`, depth) ?? first(map.values(), (at) => `${path}<value ${at}>`, depth)
  )
}

function first(values: Iterable<unknown>, pathOf: (at: number) => string, depth: number): Found | undefined {
  let at = 0
  for (const value of values) {
    const found = locate(value, pathOf(at++), depth + 1)
    if (found) return found
  }
  return undefined
}

function shorten(path: string): string {
  return path.length > 80 ? `${path.slice(0, 80)}...` : path
}
