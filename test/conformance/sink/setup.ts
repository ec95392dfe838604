import type { Sink } from '../../../core/connector.js'
import type { Duration } from '../../../core/duration.js'
import type { Environment } from '../../../core/environment.js'

/** An outside world for one check, with nothing in it. */
export interface SinkWorld<T> {
  /** The connector, as a process that starts makes it: called again for every restart. */
  sink(): Sink<T>
  /** The row of a number. No two are the same. */
  row(n: number): T
  /** The numbers of the rows that a reader of the output sees now, each as often as it is there, in any order. */
  visible(): readonly number[] | Promise<readonly number[]>
  /** Default: the real one. On a virtual one time passes whenever the suite waits. */
  readonly environment?: Environment
  close?(): void | Promise<void>
}

/** `W` is what a world has beside what the suite asks for: it is handed to the functions below. */
export interface SinkSetup<T, W = unknown> {
  /** A new world, for each check. */
  start(): (SinkWorld<T> & W) | Promise<SinkWorld<T> & W>
  /** How many rows are offered at once. Better more than the writer's buffer takes. Default 50. */
  readonly rows?: number
  /** How many things of the outside (connections, file handles) the sink holds open. */
  leftOpen?(world: W): number | Promise<number>
  /** From now on the outside world fails, until what this gives is called. */
  outage?(world: W): (() => void) | Promise<() => void>
  /** How long something that has to happen may take. Default 10 seconds. */
  readonly patience?: Duration
}

export interface TwoPhaseSinkSetup<T, W = unknown> extends SinkSetup<T, W> {
  /** How many things (files, uploads, batches) are there that no reader sees: shows that a sweep removes them. */
  unfinished?(world: W): number | Promise<number>
  /**
   * Whether rows may wait in the state of a writer, over checkpoints, until the input ends: then they are asked for
   * only after that. Default false.
   */
  readonly keepsOpen?: boolean
}
