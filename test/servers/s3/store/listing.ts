import type { SortedKeys } from './sorted-keys.js'

export interface ListingRequest {
  readonly prefix: string
  /** Empty: none. */
  readonly delimiter: string
  /** Keys and common prefixes up to this one, itself included, are left out. */
  readonly after: string
  readonly limit: number
}

export type ListingEntry =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'commonPrefix'; readonly prefix: string }

export interface ListingPage {
  readonly entries: readonly ListingEntry[]
  readonly isTruncated: boolean
}

/** One page of keys in order; keys that share what comes before a delimiter after the prefix are one entry. */
export function listPage(keys: SortedKeys, { prefix, delimiter, after, limit }: ListingRequest): ListingPage {
  const entries: ListingEntry[] = []
  let at = keys.firstFrom(prefix)
  if (after !== '') at = Math.max(at, keys.firstFrom(after))
  for (let key = keys.at(at); key?.startsWith(prefix); key = keys.at(at)) {
    const common = commonPrefix(key, prefix, delimiter)
    if (key === after || (common !== undefined && common === after)) {
      at++
      continue
    }
    if (entries.length === limit) return { entries, isTruncated: limit > 0 }
    entries.push(common === undefined ? { kind: 'key', key } : { kind: 'commonPrefix', prefix: common })
    at++
    if (common !== undefined) while (keys.at(at)?.startsWith(common)) at++
  }
  return { entries, isTruncated: false }
}

export function nameOf(entry: ListingEntry): string {
  return entry.kind === 'key' ? entry.key : entry.prefix
}

/** The key up to the first delimiter after the prefix, that included. */
export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined
  const found = key.indexOf(delimiter, prefix.length)
  return found < 0 ? undefined : key.slice(0, found + delimiter.length)
}
