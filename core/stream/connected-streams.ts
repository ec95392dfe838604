import type { PlainRows } from '../no-promise.js'
import type { ConnectedProcess, KeyedConnectedProcess } from '../operators/connected-function.js'
import type { KeyedCoProcess } from '../operators/process-function.js'
import type { SideOutputs } from '../operators/side-output.js'
import type { BroadcastDeclarations } from '../state/broadcast-state.js'
import type { StateDeclarations } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { None, ProcessOptions, SideStreams, Stream } from './stream.js'

/** Elements of type `U` that go to every subtask, and the state `B` that each keeps of them. */
export interface BroadcastStream<out U, B extends BroadcastDeclarations> {
  readonly state: B
  /** Never there: it carries the type. */
  readonly elementOf?: () => U
}

/** Records of type `T`, and elements of type `U` that every subtask gets. The watermark is the smaller one of both. */
export interface ConnectedStream<out T, out U, B extends BroadcastDeclarations> {
  /**
   * @param id unique in the job: the broadcast state is found by it in savepoints.
   * @example
   * events.connect(rules.broadcast({ rules: mapState<string, Rule>() })).process('apply', {
   *   onRecord: (event, ctx) => (ctx.broadcast.rules.has(event.kind) ? [event] : []),
   *   onBroadcast: (rule, ctx) => ctx.broadcast.rules.put(rule.kind, rule),
   * })
   */
  process<R = never, Q = never, O extends SideOutputs = None, C = undefined>(
    id: string,
    definition: ConnectedProcess<T, U, B, O, R, Q, C> & PlainRows<R | Q>,
    options?: ProcessOptions,
  ): Stream<R | Q> & SideStreams<O>
}

/** The same with the records by their key: they have state and timers too. */
export interface KeyedConnectedStream<out K extends Key, out T, out U, B extends BroadcastDeclarations> {
  /** @param id unique in the job: keyed and broadcast state are found by it in savepoints. */
  process<
    R = never,
    Q = never,
    P = never,
    S extends StateDeclarations = None,
    O extends SideOutputs = None,
    C = undefined,
  >(
    id: string,
    definition: KeyedConnectedProcess<K, T, U, S, B, O, R, Q, P, C> & PlainRows<R | Q | P>,
    options?: ProcessOptions,
  ): Stream<R | Q | P> & SideStreams<O>
}

/** Records of two streams by one key: they share its state and timers. The watermark is the smaller one of both. */
export interface ConnectedKeyedStreams<out K extends Key, out T, out U> {
  /**
   * @param id unique in the job: the state is found by it in savepoints.
   * @example
   * starts.keyBy((s) => s.ride).connect(ends.keyBy((e) => e.ride)).process('minutes', {
   *   state: { begun: valueState<number>() },
   *   onLeft: (start, ctx) => ctx.state.begun.update(start.at),
   *   onRight: (end, ctx) => [{ ride: ctx.key, minutes: (end.at - (ctx.state.begun.value() ?? end.at)) / 60_000 }],
   * })
   */
  process<
    R = never,
    Q = never,
    P = never,
    S extends StateDeclarations = None,
    O extends SideOutputs = None,
    C = undefined,
  >(
    id: string,
    definition: KeyedCoProcess<K, T, U, S, O, R, Q, P, C> & PlainRows<R | Q | P>,
    options?: ProcessOptions,
  ): Stream<R | Q | P> & SideStreams<O>
}
