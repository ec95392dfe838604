import type { CompileError } from '../compile-error.js'
import type { Window } from './time-window.js'
import type { TimeDomain } from './window-spec.js'

/** `purge` drops a window's contents, not the trigger's state; a later record starts it again from nothing. */
export type TriggerResult = 'continue' | 'fire' | 'purge' | 'fireAndPurge'

/** The window that a trigger is asked about. One object serves all calls: use it during the call only. */
export interface TriggerContext {
  /** Event time so far, as far as this key is concerned. */
  readonly watermark: number
  /** Wall clock, epoch milliseconds. */
  readonly processingTime: number
  /** The trigger's own plain data for this key and window, undefined at first. Kept in checkpoints. */
  state: unknown
  /** A second registration of the same time is ignored. */
  registerEventTimeTimer(timestamp: number): void
  deleteEventTimeTimer(timestamp: number): void
  registerProcessingTimeTimer(timestamp: number): void
  deleteProcessingTimeTimer(timestamp: number): void
}

/**
 * Whatever is no promise: nobody asks what it is, as with `void`, which alone would let promises through.
 * `object` beside `then`, so that an object needs none. A generic alias, and a message beside it: the compiler then prints it.
 */
type Ignored<Message extends string> =
  // biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is one that gives nothing
  | void
  | undefined
  | null
  | boolean
  | number
  | string
  | bigint
  | symbol
  | (object & { readonly then?: CompileError<Message> })
type Waiting = 'A trigger does not wait: its context is for the call only. Remove async.'

/** When a window gives its result. It holds no state of its own: that is in the context. */
export interface Trigger<in T = unknown, in W extends Window = Window> {
  /** For people and the fingerprint: `afterCount(100)`. */
  readonly kind: string
  /**
   * In which time it waits for the window's end, where it does. Windows of processing time refuse one that waits for the
   * watermark: they go at their end, whether it has fired or not.
   */
  readonly endsIn?: TimeDomain
  onRecord(value: T, timestamp: number, window: W, context: TriggerContext): TriggerResult
  onEventTime(timestamp: number, window: W, context: TriggerContext): TriggerResult
  onProcessingTime(timestamp: number, window: W, context: TriggerContext): TriggerResult
  /**
   * Sessions became `window`. `states` are those of the windows before; their timers are gone. Sets the context's
   * state and timers. A trigger without it cannot be used on sessions.
   */
  merge?(window: W, states: readonly unknown[], context: TriggerContext): Ignored<Waiting>
  /** The window is removed; its timers and state go by themselves. */
  clear?(window: W, context: TriggerContext): Ignored<Waiting>
}
