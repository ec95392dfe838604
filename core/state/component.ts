import type { SequenceEncoder } from '../codec/index.js'
import type { ChangeLog } from './change-log.js'
import type { Tracked } from './leaf.js'

/** How a component's data is laid out, as a savepoint says it. */
export interface StoredLayout {
  /** `value-by-key`, `by-window tumbling(1h) aggregate`: what cannot be read as anything else. */
  readonly layout: string
  /** Of the layout; counts from 1. */
  readonly version: number
}

/** As of a snapshot: `gone` is written as a deletion, `covered` not at all (something else says it). */
export type Presence = 'present' | 'gone' | 'covered'

/**
 * State that is kept by key group and therefore can move between subtasks: a user's state, timers, the windows of an
 * operator. It is stored entry by entry, each a key and a value of plain data; what its keys are is its own affair. Key
 * groups are counted from the subtask's first ("slot").
 */
export interface KeyGroupedComponent<T extends Tracked = Tracked> extends StoredLayout {
  /** Unique in the operator, stable: it names the data in a savepoint. */
  readonly name: string
  /** Told of every change before it happens. */
  readonly changes: ChangeLog<T>
  /** All entries of a group that exist. Goes on over changes; what goes meanwhile, `changes` has been told of. */
  entriesOf(slot: number): Iterator<T>
  presence(entry: T, asOf: number): Presence
  /** Of what is present: a whole run need not hold it, because nobody will see it any more. */
  readonly isLeftOut?: ((entry: T) => boolean) | undefined
  /** The entries that go with one that stands for many. */
  membersOf?(entry: T): Iterator<T> | undefined
  writeKey(entry: T, encoder: SequenceEncoder): void
  /** As it is now. */
  writeValue(entry: T, encoder: SequenceEncoder): void
  /** @throws TidemarkError when data in this form cannot be read */
  accept(stored: StoredLayout): void
  /** Adds or replaces an entry. Data is verified by its checksum, yet of a form that anybody may have made. */
  restore(slot: number, key: unknown, value: unknown): void
  /** Of what an earlier object restored. */
  restoreDeletion(slot: number, key: unknown): void
  /** A whole run follows: what earlier ones restored is void. */
  restoreEmpty(slot: number): void
}
