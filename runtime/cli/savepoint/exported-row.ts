import type { KeyedStateEntry, MapEntry, ValueEntry } from '../../savepoint/entries.js'
import { type Json, toJson } from './json-value.js'

/** One entry of keyed state, as `tidemark savepoint export` writes it. */
export interface ExportedRow {
  readonly operator: string
  readonly state: string
  readonly kind: KeyedStateEntry['kind']
  readonly key: Json
  /** Of map state. */
  readonly mapKey?: Json
  /** Epoch milliseconds. */
  readonly window?: { readonly start: Json; readonly end?: Json }
  readonly timer?: { readonly domain: string; readonly timestamp: Json; readonly namespace: Json }
  readonly value?: Json
  /** Of state with a time to live, epoch milliseconds; of a list, for each element. */
  readonly lastAccess?: Json
  /** What a window's trigger keeps. */
  readonly trigger?: Json
  readonly keyGroup: number
}

export function exportedRow(operator: string, entry: KeyedStateEntry): ExportedRow {
  const { state, kind, group } = entry
  return { operator, state, kind, key: toJson(entry.key), ...detailsOf(entry), keyGroup: group }
}

function detailsOf(entry: KeyedStateEntry): Partial<ExportedRow> {
  switch (entry.kind) {
    case 'map':
      return { mapKey: toJson(entry.mapKey), ...withTime(entry) }
    case 'timer': {
      const { domain, timestamp, namespace } = entry
      return { timer: { domain, timestamp: toJson(timestamp), namespace: toJson(namespace) } }
    }
    case 'window': {
      const { window, value, trigger } = entry
      return {
        window: { start: toJson(window.start), ...(window.end === undefined ? {} : { end: toJson(window.end) }) },
        ...(value === undefined ? {} : { value: toJson(value) }),
        ...(trigger === undefined ? {} : { trigger: toJson(trigger) }),
      }
    }
    default:
      return withTime(entry)
  }
}

function withTime({ value, lastAccess }: ValueEntry | MapEntry): Partial<ExportedRow> {
  return { value: toJson(value), ...(lastAccess === undefined ? {} : { lastAccess: toJson(lastAccess) }) }
}
