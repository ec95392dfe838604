/** What a stream can be keyed by: a scalar, or a flat tuple of scalars. */
export type KeyScalar = string | number | bigint | boolean
export type Key = KeyScalar | readonly KeyScalar[]

/**
 * The form under which state is stored: primitive, so that a `Map` finds it fast. Equal keys have equal internal keys
 * and different keys different ones (a tuple becomes a string that no string key can be).
 */
export type InternalKey = string | number | bigint | boolean

export function isInternalKey(value: unknown): value is InternalKey {
  return (
    typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
  )
}
