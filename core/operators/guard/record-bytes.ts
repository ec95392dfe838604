/**
 * A record as bytes, for a dead letter: bytes as they are, text as UTF-8, all else as JSON. What JSON has no form for is
 * written as it can best be read: a bigint by its digits, a Map or Set as a list, bytes in it as a list of numbers.
 */
export function recordBytes(record: unknown): Uint8Array {
  if (record instanceof Uint8Array) return record
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

function unreadable(record: unknown): string {
  const fields = Object.entries(record as object).map(([name, value]) => {
    const shown = typeof value === 'object' && value !== null ? `a ${typeof value}` : (value ?? null)
    return [name, typeof shown === 'bigint' ? shown.toString() : shown]
  })
  return JSON.stringify(Object.fromEntries(fields))
}
