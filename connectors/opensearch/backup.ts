import type { Sink } from '../../core/connector.js'
import { optionInvalid } from '../../core/options.js'
import type { DocumentOperation } from './options.js'

/** A document as it is sent, and what is sent with it. */
export interface BackupDocument {
  readonly index: string
  readonly id: string
  readonly operation: DocumentOperation
  readonly routing: string | undefined
  /**
   * Of `index` and `delete`: of two lines of an id the one with the larger number is the later one. Text, since it may be
   * larger than what a number holds.
   */
  readonly version: string | undefined
  /** What is stored, or merged; undefined of a deletion. */
  readonly document: object | undefined
}

/** @throws TidemarkError OPTION_INVALID */
export function requireBackup(where: string, backup: Sink<BackupDocument> | undefined): void {
  if (backup === undefined || typeof backup?.write === 'function') return
  throw optionInvalid(where, 'backup is a sink, such as s3Sink(...)')
}
