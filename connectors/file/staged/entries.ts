import { TidemarkError } from '../../../core/errors.js'
import type { Suspended } from './storage.js'

/*
 * What a writer hands to the coordinator with a checkpoint, beside the files to show themselves. Plain data.
 */

/** A file to show: what its storage says, and this. */
export interface FileFacts {
  readonly version: 1
  readonly generation: number
  readonly checkpointId: number
  readonly folder: string
  readonly rows: number
}

/** A file that goes on: until a later checkpoint says otherwise, nobody may clean it up. */
export interface OpenEntry {
  readonly version: 1
  readonly kind: 'open'
  readonly generation: number
  readonly checkpointId: number
  readonly subtask: number
  readonly folder: string
  /** What the storage knows it by. */
  readonly id: string
}

/** How far a writer is, where partitions are marked when they are over. */
export interface ProgressEntry {
  readonly version: 1
  readonly kind: 'progress'
  readonly generation: number
  readonly checkpointId: number
  readonly subtask: number
  readonly watermark: number
  /** Partitions that it began since the checkpoint before, and when they end. */
  readonly begun: readonly (readonly [folder: string, endsAt: number])[]
}

export type Entry = OpenEntry | ProgressEntry

/** What the sink's format was fixed to: output that is restored elsewhere goes on with it. */
export interface AgreedEntry {
  readonly version: 1
  readonly kind: 'agreed'
  readonly text: string
}

export function isAgreed(found: unknown): found is AgreedEntry {
  const { version, kind, text } = (isObject(found) ? found : {}) as Partial<AgreedEntry>
  return version === 1 && kind === 'agreed' && typeof text === 'string'
}

/** What a writer keeps of a file that goes on. */
export interface WriterState {
  readonly version: 1
  readonly folder: string
  readonly rows: number
  readonly endsAt: number | undefined
  readonly suspended: Suspended
}

/**
 * Undefined for a file to show, which its storage knows.
 * @throws TidemarkError COMMITTABLE_INVALID
 */
export function parseEntry(found: unknown, operatorId: string): Entry | undefined {
  const entry = (typeof found === 'object' && found !== null ? found : {}) as Partial<Entry>
  if (entry.kind === undefined) return undefined
  if (entry.version === 1 && isCount(entry.generation) && isCount(entry.checkpointId) && isCount(entry.subtask)) {
    if (entry.kind === 'open' && isFolder(entry.folder) && typeof entry.id === 'string') return entry as OpenEntry
    if (entry.kind === 'progress' && typeof entry.watermark === 'number') {
      const { begun } = entry
      if (Array.isArray(begun) && begun.every(isBegun)) return entry as ProgressEntry
    }
  }
  throw committableInvalid(operatorId, entry.version)
}

/** @throws TidemarkError COMMITTABLE_INVALID */
export function parseWriterState(found: unknown, operatorId: string): WriterState {
  const state = (typeof found === 'object' && found !== null ? found : {}) as Partial<WriterState>
  if (state.version === 1 && isFolder(state.folder) && isCount(state.rows) && isObject(state.suspended)) {
    return state as WriterState
  }
  throw committableInvalid(operatorId, state.version)
}

export function committableInvalid(operatorId: string, version: unknown): TidemarkError {
  return new TidemarkError({
    code: 'COMMITTABLE_INVALID',
    domain: 'storage',
    operatorId,
    message:
      `sink '${operatorId}': the checkpoint holds a committable that no file sink of this version made ` +
      `(version ${String(version)}); restore with the version of Tidemark that took the checkpoint`,
  })
}

/** They must not lead out of the sink's place. */
export function isFolder(found: unknown): found is string {
  if (typeof found !== 'string' || found === '') return found === ''
  return (
    found.endsWith('/') &&
    found
      .slice(0, -1)
      .split('/')
      .every((name) => name !== '' && !name.startsWith('.'))
  )
}

export function isCount(found: unknown): found is number {
  return Number.isSafeInteger(found) && (found as number) >= 0
}

function isObject(found: unknown): found is object {
  return typeof found === 'object' && found !== null
}

function isBegun(found: unknown): boolean {
  return Array.isArray(found) && isFolder(found[0]) && typeof found[1] === 'number'
}
