import { closeSync, fdatasync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { NewRecord } from '../store/segment.js'
import type { Stream } from '../store/stream.js'
import type { StreamJournal, StreamState } from '../store/stream-state.js'
import { FrameWriter } from './frames.js'

/** A file that is no longer written to. */
export interface OldFile {
  readonly number: number
  /** Of the newest record in it; 0 if it has none. */
  readonly lastCounter: number
}

export interface StreamFilesSettings {
  readonly folder: string
  /** A file that has reached this size is followed by a new one. */
  readonly fileBytes: number
  /** Called when something is to be written. */
  readonly onPending: (files: StreamFiles) => void
  /** Whether a new file is on the disk before it is used. */
  readonly fsync: boolean
}

const sync = promisify(fdatasync)

/**
 * The files of one stream. Each begins with the whole state of the stream, so that the oldest can go when their records are
 * trimmed.
 */
export class StreamFiles implements StreamJournal {
  readonly #stream: Pick<Stream, 'state' | 'oldestCounter'>
  readonly #settings: StreamFilesSettings
  readonly #pending = new FrameWriter()
  #old: OldFile[]
  #number: number
  #descriptor: number | undefined
  #written = 0
  #lastCounter = 0

  constructor(stream: Pick<Stream, 'state' | 'oldestCounter'>, old: readonly OldFile[], settings: StreamFilesSettings) {
    this.#stream = stream
    this.#settings = settings
    this.#old = [...old]
    this.#number = old.at(-1)?.number ?? 0
    this.#begin()
  }

  state(state: StreamState): void {
    this.#pending.state(state)
    this.#settings.onPending(this)
  }

  record(shardIndex: number, record: NewRecord, counter: number, arrivalMs: number): void {
    if (this.#pending.isEmpty) this.#settings.onPending(this)
    this.#pending.record(shardIndex, record, { counter, arrivalMs })
    this.#lastCounter = counter
  }

  /** Gives what is pending to the operating system. */
  write(): void {
    if (this.#descriptor === undefined || this.#pending.isEmpty) return
    const bytes = this.#pending.take()
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done)
    this.#written += bytes.length
  }

  /** Must not be called while `sync` runs. */
  rollIfFull(): void {
    if (this.#written < this.#settings.fileBytes) return
    if (this.#descriptor !== undefined && this.#settings.fsync) fdatasyncSync(this.#descriptor)
    this.close()
    this.#old.push({ number: this.#number, lastCounter: this.#lastCounter })
    this.#begin()
  }

  async sync(): Promise<void> {
    if (this.#descriptor !== undefined) await sync(this.#descriptor)
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #begin(): void {
    this.#number++
    this.#written = 0
    this.#lastCounter = 0
    this.#descriptor = openSync(join(this.#settings.folder, fileName(this.#number)), 'wx')
    this.#pending.beginFile()
    this.#pending.state(this.#stream.state())
    this.write()
    if (this.#settings.fsync) {
      fdatasyncSync(this.#descriptor)
      syncFolder(this.#settings.folder)
    }
    this.#dropTrimmed()
  }

  #dropTrimmed(): void {
    const oldest = this.#stream.oldestCounter
    while (this.#old[0] !== undefined && this.#old[0].lastCounter < oldest) {
      rmSync(join(this.#settings.folder, fileName(this.#old[0].number)))
      this.#old.shift()
    }
  }
}

/** Makes names in it safe: of new files, and of what was renamed. */
export function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export function fileName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`
}
