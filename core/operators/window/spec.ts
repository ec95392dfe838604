import type { FunctionContext } from '../../context.js'
import type { StateDeclarations } from '../../state/declare.js'
import type { Key } from '../../state/key.js'
import type { Aggregate } from '../../window/aggregate.js'
import type { Evictor } from '../../window/evictor.js'
import type { TimeWindow, Window } from '../../window/time-window.js'
import type { Trigger } from '../../window/trigger.js'
import type { WindowAssigner } from '../../window/window-spec.js'
import type { Contents } from './contents.js'

/** What a window's function knows besides its arguments. Valid during the call, or while its result is iterated. */
export interface WindowFunctionContext extends FunctionContext {
  readonly watermark: number
  /** Wall clock, epoch milliseconds. */
  readonly processingTime: number
  /** Of a session: under which other windows results of the same records went out before this one. */
  readonly replaces: readonly TimeWindow[]
  /** What is declared for each key, and for each of its windows: handles by name. */
  readonly keyState: Readonly<Record<string, unknown>>
  readonly windowState: Readonly<Record<string, unknown>>
  /** Emits to one of the node's side outputs, stamped like the window's results. Nobody reads it: dropped. */
  emitTo(sideOutput: string, value: unknown): void
}

/** One accumulator a key and window. A reduce is an aggregate too. */
export interface AggregateContents<T, W extends Window, A, R, Row> {
  readonly kind: 'aggregate'
  readonly aggregate: Aggregate<T, A, R>
  readonly shape: (key: Key, window: W, result: R, replaces: readonly TimeWindow[]) => Row
}

/** What a window holds goes to a function. */
interface FunctionContents<W extends Window, Row, Values> {
  readonly keyState?: StateDeclarations
  readonly windowState?: StateDeclarations
  /** The result is iterated as the output has room. */
  readonly process: (key: Key, window: W, values: Values, context: WindowFunctionContext) => Iterable<Row>
  readonly open?: (context: FunctionContext) => void | Promise<void>
  readonly close?: () => void | Promise<void>
}

/** All values of a key and window, in order of arrival; in a merged session one part after the other. */
export interface ProcessContents<T, W extends Window, Row> extends FunctionContents<W, Row, readonly T[]> {
  readonly kind: 'process'
}

/** What an aggregate makes of them, which alone is kept. */
export interface SummaryContents<T, W extends Window, A, R, Row> extends FunctionContents<W, Row, R> {
  readonly kind: 'summary'
  readonly aggregate: Aggregate<T, A, R>
}

/** Contents that someone else has made, for one operator. */
export interface OwnContents {
  readonly kind: 'own'
  readonly contents: Contents
}

export interface WindowOperatorSpec<T = unknown, W extends Window = Window, A = unknown, R = unknown, Row = unknown> {
  readonly assigner: WindowAssigner<T, W>
  /** Default: event time, processing time or never, as the assigner has it. */
  readonly trigger?: Trigger<T, W>
  /** Which records a window keeps. With one, all of them are kept. */
  readonly evictor?: Evictor<T, W>
  /** Of event-time windows. Infinity keeps every window for ever. */
  readonly allowedLatenessMs: number
  readonly contents:
    | AggregateContents<T, W, A, R, Row>
    | ProcessContents<T, W, Row>
    | SummaryContents<T, W, A, R, Row>
    | OwnContents
}
