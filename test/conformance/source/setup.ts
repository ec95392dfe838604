import type { MalformedPolicy, Source } from '../../../core/connector.js'
import type { Duration } from '../../../core/duration.js'
import type { Environment } from '../../../core/environment.js'

/** An outside world for one check, with everything in it that the source is to read. */
export interface SourceWorld<T> {
  /** The connector, as a process that starts makes it: called again for every restart. */
  source(): Source<T>
  /**
   * The records of each split in their order; the order of the splits does not matter. Ten or twenty a split are
   * enough: the source is read again from many a position.
   */
  readonly splits: readonly (readonly T[])[]
  /** Default: the real one. On a virtual one time passes whenever the suite waits. */
  readonly environment?: Environment
  close?(): void | Promise<void>
}

/** A world of one split, with a record in it that cannot be decoded between two others, or several. */
export interface MalformedWorld<T> extends SourceWorld<T> {
  /** How many; `splits` is without them. */
  readonly malformed: number
}

/** `W` is what a world has beside what the suite asks for: it is handed to the functions below. */
export interface SourceSetup<T, W = unknown> {
  /** A new world, for each check. */
  start(): (SourceWorld<T> & W) | Promise<SourceWorld<T> & W>
  /** A world whose source has this policy. */
  malformed?(policy: MalformedPolicy): MalformedWorld<T> | Promise<MalformedWorld<T>>
  /** How many things of the outside (connections, file handles) the source holds open. */
  leftOpen?(world: W): number | Promise<number>
  /** How many records the outside world has handed out: shows that a reader that is not polled stops fetching. */
  fetched?(world: W): number
  /** With `fetched`: how many of a split it may hand out to a reader that is not polled. */
  readonly buffered?: number
  /** From now on every read of the outside world fails for good. */
  fail?(world: W): void | Promise<void>
  /** How long something that has to happen may take. Default 10 seconds. */
  readonly patience?: Duration
}
