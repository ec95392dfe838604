import type { HashRange } from './hash-range.js'
import { sequenceNumberFormat } from './sequence-number.js'
import { ShardLog } from './shard-log.js'

export interface ShardName {
  readonly index: number
  readonly id: string
}

export interface ShardOrigin {
  readonly streamEpoch: number
  /** Dense in a stream, never used twice; the number in the shard's id. */
  readonly index: number
  readonly hashRange: HashRange
  readonly startingCounter: number
  readonly openedAtMs: number
  /** None for the shards of a new stream, one after a split, two after a merge. They may be gone. */
  readonly parents: readonly ShardName[]
}

export interface ShardClosing {
  /** Greater than the counter of every record of the shard, smaller than its children's first. */
  readonly endingCounter: number
  readonly atMs: number
  readonly children: readonly Shard[]
}

/** A shard is open until a split or a merge closes it; it can be read until its records are past retention. */
export class Shard {
  readonly id: string
  readonly index: number
  readonly hashRange: HashRange
  readonly startingCounter: number
  readonly openedAtMs: number
  readonly parents: readonly ShardName[]
  readonly log = new ShardLog()
  readonly sequenceNumber: (counter: number) => string
  /** Called after a record came in, and when the shard was closed. */
  readonly watchers = new Set<() => void>()
  #closing: ShardClosing | undefined

  constructor(origin: ShardOrigin) {
    this.id = shardIdOf(origin.index)
    this.index = origin.index
    this.hashRange = origin.hashRange
    this.startingCounter = origin.startingCounter
    this.openedAtMs = origin.openedAtMs
    this.parents = origin.parents
    this.sequenceNumber = sequenceNumberFormat(origin.streamEpoch, origin.index)
  }

  get closing(): ShardClosing | undefined {
    return this.#closing
  }

  get isOpen(): boolean {
    return this.#closing === undefined
  }

  wasOpenAt(timeMs: number): boolean {
    return this.openedAtMs <= timeMs && (this.#closing === undefined || this.#closing.atMs > timeMs)
  }

  notify(): void {
    for (const watcher of this.watchers) watcher()
  }

  close(closing: ShardClosing): void {
    this.#closing = closing
    this.notify()
  }
}

export function shardIdOf(index: number): string {
  return `shardId-${String(index).padStart(12, '0')}`
}

export function shardNameOf(index: number): ShardName {
  return { index, id: shardIdOf(index) }
}
