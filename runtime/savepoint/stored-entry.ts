import type { StoredLayout } from '../../core/state/component.js'
import { type InternalKey, isInternalKey, type Key, type KeyScalar } from '../../core/state/key.js'
import { isKeyScalar } from '../../core/state/key-check.js'
import { fromInternalKey, toInternalKey } from '../../core/state/key-codec.js'
import { timeAndValue } from '../../core/state/timed.js'
import type { KeyedEntry, MapEntry, SingleValueKind, TimerEntry, ValueEntry, WindowEntry } from './entries.js'
import type { Layout } from './layouts.js'

/** One key and value of a frame. */
export interface StoredPair {
  readonly key: unknown
  readonly value: unknown
}

/** What makes the error for data of another form. */
export type Corrupt = (found: string) => Error

const DOMAINS = ['event', 'processing'] as const

/** What a pair of a component stands for: one entry, or each window of a key. */
export function entriesOf(layout: Layout, stored: StoredLayout, pair: StoredPair, corrupt: Corrupt): KeyedEntry[] {
  const { key, value } = pair
  switch (layout.kind) {
    case 'map': {
      const [of, mapKey] = partsOf(key, 2, corrupt)
      if (!isKeyScalar(mapKey)) throw corrupt('a key of map state that is none')
      const { state, isTimed } = layout
      const timed = isTimed ? timeAndValue(value) : undefined
      const entry = { kind: 'map', state, key: keyOf(of, corrupt), mapKey } as const
      return [timed ? { ...entry, value: timed[1], lastAccess: timed[0] } : { ...entry, value }]
    }
    case 'timer':
      return [timerOf(partsOf(key, 4, corrupt), corrupt)]
    case 'pane': {
      const [start, of] = partsOf(key, 2, corrupt)
      if (typeof start !== 'number') throw corrupt('a window without a start')
      const window = { start }
      const { state } = layout
      return [{ kind: 'window', state, layout: stored.layout, key: keyOf(of, corrupt), window, value }]
    }
    case 'windows':
      return windowsOf(stored.layout, keyOf(key, corrupt), value, corrupt)
    default: {
      const { kind, state, isTimed } = layout
      const entry = { kind, state, key: keyOf(key, corrupt) }
      return [{ ...entry, ...(isTimed ? timedParts(kind, value) : { value }) }]
    }
  }
}

/** Values that are stored with the time of their last access. */
function timedParts(kind: SingleValueKind, stored: unknown) {
  if (kind !== 'list') {
    const [lastAccess, value] = timeAndValue(stored)
    return { value, lastAccess }
  }
  const elements = (Array.isArray(stored) ? stored : [undefined]).map(timeAndValue)
  return { value: elements.map(([, value]) => value), lastAccess: elements.map(([lastAccess]) => lastAccess) }
}

function keyOf(stored: unknown, corrupt: Corrupt): Key {
  if (!isInternalKey(stored)) throw corrupt('a key that is none')
  return fromInternalKey(stored)
}

function partsOf(stored: unknown, length: number, corrupt: Corrupt): readonly unknown[] {
  if (Array.isArray(stored) && stored.length === length) return stored
  throw corrupt('a key that is none')
}

function timerOf([domain, timestamp, key, namespace]: readonly unknown[], corrupt: Corrupt): TimerEntry {
  const isTime = typeof timestamp === 'number' && !Number.isNaN(timestamp)
  if ((domain !== 0 && domain !== 1) || !isTime) throw corrupt('a timer that is none')
  if (typeof namespace !== 'string' && typeof namespace !== 'number') throw corrupt('a timer that is none')
  const of = keyOf(key, corrupt)
  return { kind: 'timer', state: 'timers', key: of, domain: DOMAINS[domain], timestamp, namespace }
}

function windowsOf(layout: string, key: Key, stored: unknown, corrupt: Corrupt): WindowEntry[] {
  if (!Array.isArray(stored)) throw corrupt('no windows')
  return stored.map((window: unknown): WindowEntry => {
    const { start, end, eventTimers, processingTimers, contents, trigger, fired } = fieldsOf(window, corrupt)
    if (typeof start !== 'number' || typeof end !== 'number') throw corrupt('a window without start and end')
    if (!areTimes(eventTimers) || !areTimes(processingTimers)) throw corrupt('a window without timers')
    return {
      kind: 'window',
      state: 'windows',
      layout,
      key,
      window: { start, end },
      value: contents,
      ...(trigger !== undefined && { trigger }),
      ...(fired !== undefined && { fired: firedOf(fired, corrupt) }),
      eventTimers,
      processingTimers,
    }
  })
}

interface StoredWindow {
  readonly start?: unknown
  readonly end?: unknown
  readonly eventTimers?: unknown
  readonly processingTimers?: unknown
  readonly contents?: unknown
  readonly trigger?: unknown
  readonly fired?: unknown
}

function firedOf(stored: unknown, corrupt: Corrupt): NonNullable<WindowEntry['fired']> {
  if (!Array.isArray(stored)) throw corrupt('a session that fired nothing')
  return stored.map((window: unknown) => {
    const { start, end } = fieldsOf(window, corrupt)
    if (typeof start !== 'number' || typeof end !== 'number') throw corrupt('a window without start and end')
    return { start, end }
  })
}

function fieldsOf(window: unknown, corrupt: Corrupt): StoredWindow {
  if (typeof window !== 'object' || window === null) throw corrupt('no windows')
  return window
}

function areTimes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((time) => typeof time === 'number')
}

/**
 * The pair that stands for an entry; of windows by key, for all windows of one key.
 * @throws TidemarkError KEY_INVALID
 */
export function pairOf(entry: KeyedEntry): StoredPair {
  const key = toInternalKey(entry.key)
  switch (entry.kind) {
    case 'map':
      return { key: [key, withoutMinusZero(entry.mapKey)], value: storedValue(entry) }
    case 'timer':
      return { key: [DOMAINS.indexOf(entry.domain), entry.timestamp, key, entry.namespace], value: null }
    case 'window':
      return entry.layout.startsWith('by-key ')
        ? { key, value: [storedWindow(entry)] }
        : { key: [entry.window.start, key], value: entry.value }
    default:
      return { key, value: storedValue(entry) }
  }
}

/** The form of the entry has been looked at. */
function storedValue({ value, lastAccess }: ValueEntry | MapEntry): unknown {
  if (lastAccess === undefined) return value
  if (typeof lastAccess === 'number') return [lastAccess, value]
  return (value as readonly unknown[]).map((element, index) => [lastAccess[index], element])
}

function withoutMinusZero(key: KeyScalar): InternalKey {
  return typeof key === 'number' ? key + 0 : key
}

export function storedWindow({ window, value, trigger, fired, eventTimers = [], processingTimers = [] }: WindowEntry) {
  return {
    start: window.start,
    end: window.end,
    eventTimers,
    processingTimers,
    ...(value !== undefined && { contents: value }),
    ...(trigger !== undefined && { trigger }),
    ...(fired !== undefined && { fired }),
  }
}
