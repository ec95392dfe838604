import type { Compressor } from '../compression/compressor.js'
import type { FileEncoder } from '../format.js'
import type { Finished, UnfinishedFile } from './storage.js'

/** A file that rows go to, or that waits to be prepared. */
export interface OpenFile<T> {
  readonly folder: string
  /** Of its partition; undefined where it has no end. */
  readonly endsAt: number | undefined
  readonly file: UnfinishedFile
  readonly encoder: FileEncoder<T>
  readonly compressor: Compressor | undefined
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
  finished: Promise<(checkpointId: number) => Finished> | undefined
}
