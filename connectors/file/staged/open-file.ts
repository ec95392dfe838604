import type { FileEncoder } from '../format.js'
import type { ChainedFile } from './piece-chain.js'
import type { Finished } from './storage.js'

/** A file that rows go to, or that waits to be prepared. */
export interface OpenFile<T> extends ChainedFile {
  readonly folder: string
  /** Of its partition; undefined where it has no end. */
  readonly endsAt: number | undefined
  readonly encoder: FileEncoder<T>
  /** On the monotonic clock. */
  readonly begunAt: number
  writtenAt: number
  rows: number
  /** Taken from the encoder, before compression. */
  bytes: number
  /** Bytes that the encoder holds. */
  pending: number
  /** Whether a checkpoint may hold it: then it is not the writer's to remove. */
  isSuspended: boolean
}

/**
 * One that is open, or what is needed of one that has ended: its encoder would be held until the next checkpoint, with all that
 * it has room for.
 */
export type BegunFile = Pick<OpenFile<never>, 'file' | 'compressor'> & {
  readonly isSuspended?: boolean
  readonly finished?: Promise<unknown>
}

/** A file that has ended and waits for its checkpoint. */
export interface EndedFile {
  readonly folder: string
  readonly rows: number
  readonly finished: Promise<(checkpointId: number) => Finished>
}
