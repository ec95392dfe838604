const PROTOTYPES: ReadonlySet<unknown> = new Set([
  ...[Object, Array, Map, Set, Date, Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array].map(
    (type) => type.prototype,
  ),
  ...[Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array].map((type) => type.prototype),
])

/** What is read is plain data: nothing in it chose a prototype. */
export function requirePlain(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (!PROTOTYPES.has(Object.getPrototypeOf(value))) throw new TypeError('a value with a prototype of its own was read')
  if (ArrayBuffer.isView(value)) return
  if (value instanceof Map) for (const key of value.keys()) requirePlain(key)
  if (value instanceof Map || value instanceof Set) for (const one of value.values()) requirePlain(one)
  else for (const key of Object.keys(value)) requirePlain((value as Record<string, unknown>)[key])
}
