import { MAX_WATERMARK, NO_TIMESTAMP } from '../../core/element.js'

/** What a case feeds to an operator, in order. */
export type HarnessInput<In> =
  | { readonly kind: 'record'; readonly value: In; readonly timestamp: number; readonly input: number }
  | { readonly kind: 'watermark'; readonly timestamp: number }
  /** The wall clock moves to `now`; the operator is called if it asked to be. */
  | { readonly kind: 'processingTime'; readonly now: number }
  /** The last watermark, then the end. Nothing follows. */
  | { readonly kind: 'end' }

export function record<In>(value: In, timestamp: number = NO_TIMESTAMP, input = 0): HarnessInput<In> {
  return { kind: 'record', value, timestamp, input }
}

export function watermark(timestamp: number): HarnessInput<never> {
  return timestamp === MAX_WATERMARK ? { kind: 'end' } : { kind: 'watermark', timestamp }
}

export function processingTime(now: number): HarnessInput<never> {
  return { kind: 'processingTime', now }
}

export function endOfInput(): HarnessInput<never> {
  return { kind: 'end' }
}

/** A row as it comes out. */
export interface Emitted<Out> {
  readonly value: Out
  readonly timestamp: number
}

export function emitted<Out>(value: Out, timestamp: number): Emitted<Out> {
  return { value, timestamp }
}
