import type { EngineContext } from '../context.js'
import type { Barrier, Batch, Element } from '../element.js'
import type { Origin } from '../origin.js'
import type { KeyedStateBackend, KeyGroupRange } from '../state/backend.js'
import type { OperatorStateMode, OperatorStateSnapshot } from '../state/operator-state.js'
import type { CallGuard } from './guard/call-guard.js'

/**
 * Where an operator puts its results: a bounded buffer for each port (0 is the main output, the others are the side
 * outputs in the order the node declares).
 */
export interface Output<Out = unknown> {
  /** True while any port has reached its bound. An operator looks before each row and, when full, returns. */
  readonly full: boolean
  /**
   * Where the rows come from that are emitted one by one: set by an operator while it works on a batch, and taken
   * back before it returns.
   */
  origin: Origin | undefined
  /**
   * Always takes the row: a row may be emitted after `full` turned true, so that what one user call emits is not cut.
   * @throws TidemarkError OUTPUT_OVERFLOW when that overflow passes its limit.
   */
  emit(value: Out, timestamp: number): void
  emitTo(port: number, value: unknown, timestamp: number): void
  /** Hands a whole batch on as it is, without copying: for operators that give at most one row for each they take. */
  emitBatch(batch: Batch<Out>): void
}

/** What an operator may keep behind results that are not there yet. */
export type HeldElement = Extract<Element, { readonly kind: 'watermark' | 'idleness' }>

/** Watermarks that a checkpoint carried, by key group. */
export interface RestoredWatermarks {
  /** The minimum over the subtask's key groups, MIN_WATERMARK at a fresh start. */
  readonly minimum: number
  /** Lateness and firing never fall behind this: no window of the group fires twice, none reopens. */
  floorOf(group: number): number
}

export interface OperatorContext extends EngineContext {
  /** Ports beside the main output, by name, for `emitTo`. -1 when nobody reads it: emitting there does nothing. */
  portOf(sideOutput: string): number
  readonly keyGroups: KeyGroupRange
  readonly maxParallelism: number
  /** Of this operator alone. Asking for it makes the operator keyed. */
  readonly keyedState: KeyedStateBackend
  readonly restoredWatermarks: RestoredWatermarks
  /**
   * What a checkpoint holds of a state that `snapshotOperatorState` gave, dealt out by its mode (see
   * redistributeOperatorState). Empty at a fresh start, and for a name that the checkpoint does not have. Asked for in
   * `open`: what nobody asks for is state without an owner. Subtasks in one process may get the same objects.
   * @throws TidemarkError STATE_LAYOUT_UNKNOWN when the checkpoint has it in another mode
   */
  restoredOperatorState(name: string, mode: OperatorStateMode): readonly unknown[]
  /**
   * Asks for a call of `onProcessingTime` at or after `timestamp` (wall clock, epoch milliseconds). Only the earliest
   * outstanding request counts.
   */
  requestProcessingTime(timestamp: number): void
  /**
   * Asks for another turn after an asynchronous event, and for a call of `onWake`. May be called from anywhere, any
   * number of times.
   */
  wake(): void
  /** Sends on what `hold` kept, behind what was emitted. Called in `hold` or `onWake`. */
  forward(element: HeldElement): void
  /**
   * A checkpoint was triggered whose barrier has not come: whoever waits for something outside takes what stands before
   * the barrier into its state, so that the checkpoint need not wait too.
   */
  readonly isBarrierAwaited: boolean
  /** There when the step has an error policy: calls that are not for one record (timers) are made through it. */
  readonly guard?: CallGuard
  /** Nothing will run: the operator is opened to see what state it registers, and the user's functions are left alone. */
  readonly declaresOnly?: true
}

/**
 * A cooperative operator. It runs on one event loop with all others of its subtask and must never block: when its
 * output is full it returns, keeps its place, and is called again with the same arguments when there is room. Whatever
 * comes after the element it works on, a barrier too, waits until it is done; so a snapshot never falls into the
 * middle of one. (The contract follows Hazelcast Jet's Processor.)
 *
 * Calls never overlap. Order: `open`, `onRestored`, then `process` / `onWatermark` / `onProcessingTime` / `onWake` / `snapshot*`
 * in any order, `onEnd` once (after the last watermark), perhaps more snapshots, `close` once, also after a failure.
 */
export interface Operator<In = unknown, Out = unknown> {
  /** State is registered here. It is empty until `onRestored`. */
  open?(context: OperatorContext): void | Promise<void>
  /** State is as the checkpoint had it. Called once after `open`, at a fresh start too. */
  onRestored?(): void
  /**
   * Works on rows from `from` on and returns the index of the first row it has not finished; `batch.length` when done.
   * Anything less means that the output is full. A row that was begun but not finished is the operator's to remember.
   */
  process(batch: Batch<In>, from: number, output: Output<Out>, input: number): number
  /** Returns true when everything this watermark causes is emitted; the engine then forwards the watermark itself. */
  onWatermark?(watermark: number, output: Output<Out>): boolean
  /** Returns true when done; false: call again when there is room. */
  onProcessingTime?(now: number, output: Output<Out>): boolean
  /**
   * For results that come later. Instead of `onWatermark`, and for idleness too: the operator keeps the element behind
   * what came before it, and sends it on with `context.forward`. The last watermark has gone on when `onEnd` returns true.
   */
  hold?(element: HeldElement): void
  /** After `context.wake()`, also while an element waits. Returns false when the output is full: it is called again. */
  onWake?(output: Output<Out>): boolean
  /** All inputs have ended. Returns true when everything is emitted. */
  onEnd?(output: Output<Out>): boolean
  /** Called when the barrier arrives, before state is read. A promise holds the barrier (flushes, uploads). */
  beforeSnapshot?(barrier: Barrier): void | Promise<void>
  /** State that is not keyed. What it returns may be live: it is encoded before anything else runs. */
  snapshotOperatorState?(barrier: Barrier): readonly OperatorStateSnapshot[]
  close?(): void | Promise<void>
}
