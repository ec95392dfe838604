import type { RowGroup } from 'hyparquet'
import type { Stored } from './parts.js'

/**
 * The texts of a column as the bytes that are stored, which lie next to each other: the library would make an array of its
 * own of each, at several times the cost.
 * @param values texts, and null where there is none
 * @returns undefined when they are of several pages: the library would hold their bytes until the file ends.
 */
export function textsAsBytes(values: readonly Stored[], pageBytes: number): Stored[] | undefined {
  let length = 0
  for (const value of values) if (typeof value === 'string') length += value.length
  // No text has fewer bytes than that.
  if (length >= pageBytes) return undefined
  // Null adds nothing to it.
  const bytes = Buffer.from(values.join(''))
  if (bytes.length >= pageBytes) return undefined
  const isAscii = bytes.length === length
  let at = 0
  return values.map((value) => {
    if (typeof value !== 'string') return value
    const from = at
    at += isAscii ? value.length : Buffer.byteLength(value)
    return bytes.subarray(from, at)
  })
}

/** The library holds the least and the greatest value of each column until the file ends. They must not hold all the others. */
export function freeTexts({ columns }: RowGroup): void {
  for (const { meta_data } of columns) {
    const statistics = meta_data?.statistics
    if (!statistics) continue
    const { min_value, max_value } = statistics
    if (min_value instanceof Uint8Array) statistics.min_value = new Uint8Array(min_value)
    if (max_value instanceof Uint8Array) statistics.max_value = new Uint8Array(max_value)
  }
}
