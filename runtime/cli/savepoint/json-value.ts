/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * Plain data of a checkpoint as JSON. What JSON has no form for is an object of one key that begins with `$`, as
 * docs/savepoints.md lists them; an object that has such a key itself is put into `$object`.
 */
export function toJson(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return numberToJson(value)
    case 'bigint':
      return { $bigint: String(value) }
    case 'undefined':
      return { $undefined: true }
    default:
      return value === null ? null : objectToJson(value as object)
  }
}

function numberToJson(value: number): Json {
  return Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : { $number: Object.is(value, -0) ? '-0' : String(value) }
}

function objectToJson(value: object): Json {
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() }
  if (value instanceof Map) return { $map: [...value].map(([key, of]) => [toJson(key), toJson(of)]) }
  if (value instanceof Set) return { $set: [...value].map(toJson) }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (ArrayBuffer.isView(value)) {
    // Of the views only DataView is no array, and no checkpoint holds one.
    const numbers = value as unknown as Iterable<number | bigint>
    return { [`$${value.constructor.name}`]: [...numbers].map(toJson) }
  }
  const entries = Object.entries(value)
  const object = Object.fromEntries(entries.map(([key, of]) => [key, toJson(of)]))
  return entries.some(([key]) => key.startsWith('$')) ? { $object: object } : object
}
