import type { StoredLayout } from '../../core/state/component.js'
import { isKeyScalar } from '../../core/state/key-check.js'
import { TIMED_LAYOUT } from '../../core/state/timed.js'
import type { KeyedEntry, MapEntry, ValueEntry, WindowEntry } from './entries.js'
import { STATE_PREFIX, TIMERS } from './layouts.js'
import { entryInvalid } from './savepoint-error.js'
import { pairOf, type StoredPair, storedWindow } from './stored-entry.js'

/** The component in which an entry is kept, and its layout. `version`: of a user's values. */
export function componentOf(
  operatorId: string,
  entry: KeyedEntry,
  version: number,
): { readonly component: string; readonly stored: StoredLayout } {
  switch (entry.kind) {
    case 'timer':
      return { component: TIMERS, stored: { layout: 'by-key', version: 1 } }
    case 'window':
      return { component: entry.state, stored: { layout: entry.layout, version: 1 } }
    case 'value':
    case 'list':
    case 'map':
    case 'reducing':
    case 'aggregating':
      if (typeof entry.state !== 'string' || entry.state === '') throw entryInvalid(operatorId, 'it has no state')
      return { component: STATE_PREFIX + entry.state, stored: { layout: layoutFor(entry), version } }
    default:
      // A caller in JavaScript.
      throw entryInvalid(operatorId, `there is no kind '${String((entry as { readonly kind?: unknown }).kind)}'`)
  }
}

/** An aggregate is not named: whatever the job declares will do. */
function layoutFor({ kind, lastAccess }: ValueEntry | MapEntry): string {
  return `${lastAccess === undefined ? '' : TIMED_LAYOUT}${kind}-by-key`
}

/**
 * What is stored of entries of one component and key. Only windows that are kept by key can be more than one.
 * @throws TidemarkError SAVEPOINT_ENTRY_INVALID, KEY_INVALID
 */
export function pairFor(operatorId: string, entries: readonly [KeyedEntry, ...KeyedEntry[]]): StoredPair {
  const [first] = entries
  for (const entry of entries) requireForm(operatorId, entry)
  if (!isByKey(first)) return pairOf(first)
  const windows = (entries as readonly WindowEntry[]).map(storedWindow).sort((left, right) => left.start - right.start)
  return { key: pairOf(first).key, value: windows }
}

/** All windows of a key are stored together. */
export function isByKey(entry: KeyedEntry): entry is WindowEntry {
  return entry.kind === 'window' && entry.layout.startsWith('by-key ')
}

function requireForm(operatorId: string, entry: KeyedEntry): void {
  switch (entry.kind) {
    case 'list':
      if (!Array.isArray(entry.value)) throw entryInvalid(operatorId, `list state '${entry.state}' needs an array`)
      break
    case 'map':
      if (!isKeyScalar(entry.mapKey)) {
        throw entryInvalid(operatorId, `map state '${entry.state}' needs a string, number, bigint or boolean as mapKey`)
      }
      break
    case 'timer':
      if ((entry.domain !== 'event' && entry.domain !== 'processing') || !isTime(entry.timestamp)) {
        throw entryInvalid(operatorId, 'a timer needs a domain (event or processing) and a timestamp')
      }
      break
    case 'window':
      if (!isTime(entry.window.start) || (isByKey(entry) && !isTime(entry.window.end))) {
        throw entryInvalid(operatorId, 'a window needs a start, and where windows are kept by key an end')
      }
      break
  }
  if (entry.kind !== 'timer' && entry.kind !== 'window' && entry.value === undefined) {
    throw entryInvalid(operatorId, `'${entry.state}' has no value: leave the entry out`)
  }
  if (entry.kind !== 'timer' && entry.kind !== 'window') requireTimes(entry, operatorId)
}

function requireTimes({ kind, state, value, lastAccess }: ValueEntry | MapEntry, operatorId: string): void {
  if (lastAccess === undefined) return
  const isRight =
    kind === 'list'
      ? Array.isArray(lastAccess) &&
        lastAccess.length === (value as readonly unknown[]).length &&
        lastAccess.every(Number.isFinite)
      : Number.isFinite(lastAccess)
  if (isRight) return
  throw entryInvalid(operatorId, `lastAccess of '${state}' has to be a time, of a list one for each element`)
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value)
}
