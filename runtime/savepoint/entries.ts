import type { Key, KeyScalar } from '../../core/state/key.js'
import type { TimeDomain, TimerNamespace } from '../../core/time/timer-heap.js'

/** The kinds of state that have one value a key. */
export type SingleValueKind = 'value' | 'list' | 'reducing' | 'aggregating'

interface OfKey {
  readonly key: Key
}

/**
 * State of one key under the name that the job declares: a value, a list (`value` is its array), a reduced value, or the
 * accumulator of an aggregate.
 */
export interface ValueEntry extends OfKey {
  readonly kind: SingleValueKind
  readonly state: string
  readonly value: unknown
  /** Of state with a time to live: when it was last accessed, epoch milliseconds; of a list, when each element was. */
  readonly lastAccess?: number | readonly number[]
}

/** One entry of one key's map. */
export interface MapEntry extends OfKey {
  readonly kind: 'map'
  readonly state: string
  readonly mapKey: KeyScalar
  readonly value: unknown
  /** Of state with a time to live: when it was last accessed, epoch milliseconds. */
  readonly lastAccess?: number
}

/** A timer that waits. All timers of an operator are in the state `timers`. */
export interface TimerEntry extends OfKey {
  readonly kind: 'timer'
  readonly state: 'timers'
  readonly domain: TimeDomain
  /** Epoch milliseconds. */
  readonly timestamp: number
  readonly namespace: TimerNamespace
}

/**
 * What a window step keeps for one key in one window, or in one slice that windows share; or an interval join of one
 * side (`left`, `right`) in one piece of time.
 */
export interface WindowEntry extends OfKey {
  readonly kind: 'window'
  /** `window-state:` and a name: what the job declares for each window. */
  readonly state: 'windows' | 'left' | 'right' | `window-state:${string}`
  /** How the step keeps its windows: assigner, contents and trigger. */
  readonly layout: string
  /** `end` is stored of windows that are kept by key alone: of the others the assigner in `layout` says it. */
  readonly window: { readonly start: number; readonly end?: number }
  /** The accumulator, or the array of all values. Undefined: the window is empty. */
  readonly value: unknown
  /** What the trigger keeps. */
  readonly trigger?: unknown
  /** Of a session: the windows under which results of what it contains went out. */
  readonly fired?: readonly { readonly start: number; readonly end: number }[]
  /** What the trigger has registered, epoch milliseconds. */
  readonly eventTimers?: readonly number[]
  readonly processingTimers?: readonly number[]
}

/** One entry of keyed state, decoded. */
export type KeyedEntry = ValueEntry | MapEntry | TimerEntry | WindowEntry

/** An entry as a savepoint has it. */
export type KeyedStateEntry = KeyedEntry & { readonly group: number }

/** A keyed state that an operator has in a savepoint. */
export interface StoredState {
  /** As in `KeyedEntry.state`. */
  readonly state: string
  readonly kind: KeyedEntry['kind']
  readonly layout: string
  /** Of a state that the job declares: of its values, the newest. Else of the layout. */
  readonly version: number
}
