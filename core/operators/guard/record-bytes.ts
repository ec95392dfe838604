/**
 * A record as bytes, for a dead letter: bytes as they are, text as UTF-8, all else as JSON. What JSON has no form for is
 * written as it can best be read: a bigint by its digits, a Map or Set as a list, bytes in it as a list of numbers.
 */
export function recordBytes(record: unknown): Uint8Array {
  // `instanceof` alone throws for a revoked proxy.
  if (ArrayBuffer.isView(record) && record instanceof Uint8Array) return record
  return new TextEncoder().encode(typeof record === 'string' ? record : textOf(record))
}

function textOf(record: unknown): string {
  try {
    return JSON.stringify(record, plain) ?? String(record)
  } catch {
    // A cycle, or a toJSON that throws.
    return unreadable(record)
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map || value instanceof Set || value instanceof Uint8Array) return [...value]
  return value
}

/** A record is given up because a function could not take it: whatever it is, its dead letter is written. */
function unreadable(record: unknown): string {
  try {
    const fields = record as Readonly<Record<string, unknown>>
    return JSON.stringify(Object.fromEntries(Object.keys(fields).map((name) => [name, shownField(fields, name)])))
  } catch {
    // A proxy that throws, or is revoked.
    return 'a record that cannot be read'
  }
}

function shownField(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    const value = fields[name]
    if (typeof value === 'bigint') return value.toString()
    return typeof value === 'object' && value !== null ? 'an object' : (value ?? null)
  } catch {
    return 'a value that cannot be read'
  }
}
