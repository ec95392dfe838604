import { inspect } from 'node:util'

/** Of a row that its own encoder does not take: all of it, as JSON where it has such a form. */
export function rowText(row: unknown): string {
  try {
    const json = JSON.stringify(row)
    if (json !== undefined) return json
  } catch {
    // A bigint, a cycle.
  }
  return inspect(row, {
    depth: null,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: null,
    maxStringLength: null,
  })
}
