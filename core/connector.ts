import type { EngineContext } from './context.js'
import type { Batch } from './element.js'
import type { Offset } from './origin.js'

/**
 * A part of a source that is read in order by one reader: a shard, a file. Plain data, position included: it is what
 * a checkpoint stores. `id` is stable for the life of the data it names.
 */
export interface Split {
  readonly id: string
  /**
   * Ids of splits that must have been read to their end before this one. One that is not known any more counts as read.
   * Only where the source says `splitsHaveParents`.
   */
  readonly parents?: readonly string[]
}

/**
 * What could not be processed, with what somebody needs to find its cause and to process it again later. Plain data.
 * The one type for the whole project, whatever rejected it.
 */
export interface DeadLetter {
  /** The step that rejected it. */
  readonly operatorId: string
  /**
   * The split and the position in it, as text: a line, a byte offset, a sequence number. Of a user record inside an
   * aggregated one `number/index`; of one of the values of a record `number#index`.
   */
  readonly split: string
  readonly offset: string
  /** The cause: a code of docs/errors.md or of the decoder's own, and its message. */
  readonly code: string
  readonly message: string
  /** The bytes as they came. */
  readonly raw: Uint8Array
  /**
   * Whether `raw` is no record that could be put back: one of the values of a record, as its decoder cut it (a line, after
   * gunzip), or what a function was called for that is none: a pair of a join, a window, a timer.
   */
  readonly isPart: boolean
  /** When the outside system received the record, epoch milliseconds, where it says so. */
  readonly arrivedAt: number | undefined
  /** What puts it back where it belongs, where the outside system has such keys. */
  readonly partitionKey: string | undefined
  readonly explicitHashKey: string | undefined
  /** Epoch milliseconds. */
  readonly rejectedAt: number
}

/** `fail` stops the job at the record, `deadLetter` hands it to `.malformed`, `skip` drops it. All are counted. */
export type MalformedPolicy = 'fail' | 'deadLetter' | 'skip'

/** Records that one `poll` took, in order, all of one split. */
export interface Polled<out T> {
  readonly values: T[]
  /** Epoch milliseconds a value, where the source knows them (arrival times); a timestamp assigner overrides them. */
  readonly timestamps?: number[]
  /**
   * Where each value lies in the split, in the terms of `DeadLetter.offset`: an error in a user's function names it.
   * Without them it names the split alone. The array is the engine's from here on. A record that is read again has the same.
   */
  readonly offsets?: readonly Offset[]
  readonly rejected?: readonly DeadLetter[]
  /** How many were dropped by policy `skip`. */
  readonly skipped?: number
}

export interface ReaderContext extends EngineContext {
  /** Call when `poll` may have something new, has finished or would throw. Any number of times, from anywhere. */
  wake(): void
}

/**
 * Reads one split. It fetches on its own, into a bounded buffer, and stops fetching when that is full: a reader that
 * is not polled costs no more memory (backpressure, watermark alignment).
 */
export interface SplitReader<out T> {
  /**
   * Takes up to `maxRecords` from the buffer, never waits. Undefined: nothing now. Throws what broke the reader.
   */
  poll(maxRecords: number): Polled<T> | undefined
  /** The split as of the last `poll`: reading it again yields exactly the records that follow. */
  position(): Split
  /** The split has ended and everything of it was polled. */
  readonly finished: boolean
  /**
   * The last read returned nothing, the reader is at the tip and nothing is buffered, in flight, throttled or failing.
   * The idleness clock of the split runs only while this holds.
   */
  readonly caughtUp: boolean
  /**
   * Once `finished`: it ended at a stop that was set for it, before its own end, so nothing that has it as a parent is to
   * be read. Absent: a drain ends splits early, nothing else does.
   */
  readonly endedEarly?: boolean
  /**
   * Once `finished`: ids of splits that have this one as a parent, as far as the reader was told. The watermark waits until
   * they are discovered.
   */
  readonly successors?: readonly string[]
  /** From now on the split ends where it ends now (a drain that reads what is there first). */
  endAtTip?(): void
  /**
   * After an end, a failure and a cancel alike, also while it fetches, and a second time. Nothing goes on afterwards: no
   * call, no timer, no wake.
   */
  close(): void | Promise<void>
}

/** Finds splits. Runs once a job, with the coordinator. */
export interface SplitEnumerator {
  /**
   * Splits to read that are not in `known` (ids of all that were discovered, finished ones too, until they are `gone`).
   * Called at the start, every `intervalMs` where that is given, and where splits have parents when one has ended.
   */
  discover(known: ReadonlySet<string>): Promise<readonly Split[]>
  /** Those of `known` that the last `discover`, which looked at everything, did not find: they never come back. */
  gone?(): readonly string[]
  /** Splits that are gone and were not read to their end. Throws, with the gap, unless the job may go on without the rest. */
  onLost?(splits: readonly Split[]): void
  readonly intervalMs?: number
  /** Which subtask reads a split. Default: the i-th discovered goes to i mod parallelism. Must be pure. */
  assign?(split: Split, ordinal: number, parallelism: number): number
  /** Plain data that a restored enumerator gets back (a resolved start time). */
  snapshot?(): unknown
  /** `finished`: the input has ended and its last checkpoint is complete; anything else may go on later. */
  close?(end: 'finished' | 'unfinished'): void | Promise<void>
}

export interface EnumeratorContext extends EngineContext {
  /** As that of writers: a job that another one was forked from has another. */
  readonly lineage: string
  /** What `snapshot` gave at the checkpoint; undefined at a fresh start. */
  readonly restored: unknown
  /**
   * When the job first started, epoch milliseconds by the clock of the process that did it. Undefined once a checkpoint is
   * there: then the snapshot has what was made of it.
   */
  readonly startedAt: number | undefined
}

export interface Source<out T> {
  /** For people and the fingerprint: `kinesis`, `file`. */
  readonly kind: string
  /** Of its splits as a checkpoint stores them; counts from 1, which is the default. A higher one than the job's is refused. */
  readonly stateVersion?: number
  /** Whether every split ends by itself. */
  readonly bounded: boolean
  /**
   * Splits may name parents, which the engine then reads first. The watermark of every subtask stays with the slowest
   * one of the source, so that a split can follow its parents on another subtask without its records being late.
   */
  readonly splitsHaveParents?: boolean
  /** What becomes of records whose timestamp is none; the source itself applies it to what it cannot decode. Default `fail`. */
  readonly onMalformed?: MalformedPolicy
  /** Settings that matter to somebody who reads the plan, without secrets. */
  describe?(): string
  enumerate(context: EnumeratorContext): SplitEnumerator
  /** A reader of its own for one split: those of other splits run beside it. */
  read(split: Split, context: ReaderContext): SplitReader<T> | Promise<SplitReader<T>>
}

export interface WriterContext extends EngineContext {
  /** New at every start of a job except recovery and resume: output names carry it. Letters and digits. */
  readonly lineage: string
  readonly generation: number
  /**
   * When the generation began, epoch milliseconds: at least a second after the one before it of the same job, also when
   * clocks go back.
   */
  readonly claimedAt: number
  /** What the writers' `snapshot` gave, redistributed evenly. */
  readonly restored: readonly unknown[]
  /** Call when a writer that took less than it was offered has room again, or would throw. */
  wake(): void
}

/** Writes the rows of one subtask. `Committable` is plain data. */
export interface SinkWriter<in T> {
  /** Takes rows from `from` on, never waits; returns the index of the first row not taken. Throws what broke it. */
  write(batch: Batch<T>, from: number): number
  /**
   * Called after `wake`, which may be long before the next row: throws what broke the writer. Without it that shows at
   * the next row or barrier.
   */
  check?(): void
  /** What was taken so far is all, but for late rows, up to this event time. +Infinity at the end of the input. */
  onWatermark?(watermark: number): void
  /**
   * At a barrier: makes everything taken so far durable (or, without a committer, delivered) and returns what has to
   * be committed when the checkpoint completes. Rows that follow belong to the next checkpoint.
   */
  prepareCommit(checkpointId: number): readonly unknown[] | Promise<readonly unknown[]>
  /** State beside the committables, after `prepareCommit`. */
  snapshot?(): readonly unknown[]
  /**
   * After success, failure and cancel alike, and a second time. What is not committed must not become visible. Nothing
   * goes on afterwards: no call, no timer, no wake.
   */
  close(): void | Promise<void>
}

export interface CommitterContext extends EngineContext {
  readonly lineage: string
  readonly generation: number
}

/** A checkpoint or savepoint, and who took it. */
export interface CommitPoint {
  readonly lineage: string
  readonly generation: number
  readonly checkpointId: number
}

/** Makes output visible. Runs once a job, with the coordinator. */
export interface Committer {
  /** In order, idempotent: may be called again with what it has committed before, by another process too. */
  commit(committables: readonly unknown[]): Promise<void>
  /**
   * Called at the start of a generation, when nothing is being written and all that had to be committed is: removes
   * what earlier generations left unfinished.
   */
  sweep?(): Promise<void>
  /**
   * Names something that is visible and that the lineage wrote for a checkpoint after this one, or in a later generation
   * (which begins again at an older checkpoint and may use its ids again); undefined: there is nothing. Asked before a job
   * goes back to a savepoint. Absent: the sink cannot tell.
   */
  committedAfter?(point: CommitPoint): Promise<string | undefined>
  close?(): void | Promise<void>
}

export interface Sink<in T> {
  readonly kind: string
  /** Of its committables and its writers' state; as that of a source. */
  readonly stateVersion?: number
  /** What a reader of the output can rely on: shown by `explain`. */
  readonly guarantee: 'exactly-once' | 'at-least-once' | 'idempotent'
  describe?(): string
  /** Contravariance marker; never called. */
  readonly accepts?: (value: T) => void
  write(context: WriterContext): SinkWriter<T> | Promise<SinkWriter<T>>
  /** Absent: what was written is visible at once. */
  committer?(context: CommitterContext): Committer | Promise<Committer>
}
