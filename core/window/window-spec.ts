import type { Window } from './time-window.js'

/** `event`: the record's timestamp and the watermark. `processing`: the wall clock of the subtask. */
export type TimeDomain = 'event' | 'processing'

export interface TumblingSpec {
  readonly kind: 'tumbling'
  readonly time: TimeDomain
  readonly sizeMs: number
  readonly offsetMs: number
}

export interface SlidingSpec {
  readonly kind: 'sliding'
  readonly time: TimeDomain
  readonly sizeMs: number
  readonly slideMs: number
  readonly offsetMs: number
}

export interface SessionSpec {
  readonly kind: 'session'
  readonly time: TimeDomain
  /** Of each record. */
  readonly gapOf: (value: unknown) => number
  /** Infinity: none. */
  readonly maxLengthMs: number
}

/** Opens with a key's first record. */
export interface StaggerSpec {
  readonly kind: 'stagger'
  readonly time: TimeDomain
  readonly lengthMs: number
}

export interface GlobalSpec {
  readonly kind: 'global'
}

/** The last `size` records of a key, each `slide` of them. */
export interface CountedSpec {
  readonly kind: 'counted'
  readonly size: number
  readonly slide: number
  /** At the end of the input, what is not complete. */
  readonly emitsRest: boolean
}

/** Those that a trigger fires. */
export type TriggeredSpec = TumblingSpec | SlidingSpec | SessionSpec | StaggerSpec | GlobalSpec

export type WindowSpec = TriggeredSpec | CountedSpec

/** Into which windows a record goes: data that the window operator reads. Frozen. */
export interface WindowAssigner<in T = unknown, out W extends Window = Window> {
  /** For people and the fingerprint: `tumbling(1h)`. */
  readonly kind: string
  readonly spec: WindowSpec
  /** Never there: it carries the types. */
  readonly windowOf?: (value: T) => W
}
