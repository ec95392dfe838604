import type { NewRecord } from './segment.js'

export type StreamMode = 'PROVISIONED' | 'ON_DEMAND'

/** What calls can change of a stream, beside its shards and consumers. */
export interface StreamConfiguration {
  readonly mode: StreamMode
  readonly retentionMs: number
  /** What arrived before this time stays gone when the retention grows. */
  readonly floorMs: number
  /** Set while records are said to be encrypted. */
  readonly keyId: string | undefined
  readonly tags: Readonly<Record<string, string>>
}

export interface ShardState {
  readonly index: number
  /** Hash keys in decimal. */
  readonly start: string
  readonly end: string
  readonly startingCounter: number
  readonly openedAtMs: number
  /** Indexes of shards. */
  readonly parents: readonly number[]
  readonly closing?: { readonly endingCounter: number; readonly atMs: number; readonly children: readonly number[] }
}

export interface ConsumerState {
  readonly name: string
  readonly createdAtSeconds: number
}

/** All of a stream but its records, as plain data. */
export interface StreamState {
  readonly name: string
  readonly epoch: number
  readonly configuration: StreamConfiguration
  readonly shards: readonly ShardState[]
  readonly nextShardIndex: number
  readonly nextCounter: number
  readonly lastArrivalMs: number
  readonly consumers: readonly ConsumerState[]
}

/** Where a stream writes what must outlive the process. */
export interface StreamJournal {
  state(state: StreamState): void
  record(shardIndex: number, record: NewRecord, counter: number, arrivalMs: number): void
}
