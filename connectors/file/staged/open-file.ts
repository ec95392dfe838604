import type { FileEncoder } from '../format.js'
import type { ChainedFile } from './piece-chain.js'

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
