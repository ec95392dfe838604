import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { messageOf, TidemarkError } from '../../../../core/errors.js'
import type { NewRecord } from '../store/segment.js'
import type { RecordPlace, Stream } from '../store/stream.js'
import type { StreamState } from '../store/stream-state.js'
import { directoryError } from './directory-error.js'
import { readFrames } from './frames.js'
import { lock } from './lock.js'
import { fileName, type OldFile, StreamFiles, syncFolder } from './stream-files.js'

export interface DirectorySettings {
  readonly path: string
  /** Whether `commit` waits until the disk has it. */
  readonly fsync: boolean
  readonly fileBytes: number
  /** For a new directory: what seals iterators and page tokens. */
  readonly newSecret: () => string
}

/** Makes the stream of the first state that is found of it. */
export type StreamMaker = (state: StreamState) => Stream

/** So many numbers are left out at a start: after a power loss some may have been given out that are not in the files. */
const SKIPPED_COUNTERS = 1_000_000
const NUMBERED = /^\d{8}\.log$/

/**
 * The streams of a server in files: `streams/EPOCH/NUMBER.log`, and `server.json` with what is not of a stream. What
 * `commit` has written is there after the process was killed; with `fsync` also after the machine has lost its power.
 */
export class Directory {
  readonly secret: string
  readonly #settings: DirectorySettings
  readonly #streams: string
  readonly #unlock: () => void
  readonly #files = new Map<Stream, StreamFiles>()
  readonly #pending = new Set<StreamFiles>()
  readonly #unsynced = new Set<StreamFiles>()
  #syncing: Promise<void> | undefined
  #nextSync: Promise<void> | undefined
  #failure: unknown

  /** @throws TidemarkError KINESIS_DIRECTORY_IN_USE, KINESIS_DIRECTORY_FAILED */
  constructor(settings: DirectorySettings) {
    const path = resolve(settings.path)
    this.#settings = { ...settings, path }
    this.#streams = join(path, 'streams')
    try {
      mkdirSync(this.#streams, { recursive: true })
      this.#unlock = lock(join(path, 'lock'))
      this.secret = this.#readSecret()
    } catch (cause) {
      throw failedAs(cause, path)
    }
  }

  /**
   * What is there, in the order of creation. A tail that a killed process left half written is cut.
   *
   * @throws TidemarkError KINESIS_DIRECTORY_DAMAGED, KINESIS_DIRECTORY_FAILED
   */
  load(make: StreamMaker): readonly Stream[] {
    try {
      const names = readdirSync(this.#streams)
      // Half made or half deleted.
      for (const name of names.filter((name) => name.startsWith('.'))) {
        rmSync(join(this.#streams, name), { recursive: true })
      }
      const epochs = names.filter((name) => !name.startsWith('.')).sort((a, b) => Number(a) - Number(b))
      return epochs.flatMap((epoch) => this.#loadStream(join(this.#streams, epoch), make) ?? [])
    } catch (cause) {
      throw failedAs(cause, this.#settings.path)
    }
  }

  add(stream: Stream): void {
    const epoch = String(stream.settings.epoch)
    const [half, folder] = [join(this.#streams, `.${epoch}`), join(this.#streams, epoch)]
    mkdirSync(half)
    const files = this.#filesOf(stream, half, [])
    files.close()
    renameSync(half, folder)
    if (this.#settings.fsync) syncFolder(this.#streams)
    this.#keep(stream, folder, [{ number: 1, lastCounter: 0 }])
  }

  remove(stream: Stream): void {
    const epoch = String(stream.settings.epoch)
    const files = this.#files.get(stream)
    if (files !== undefined) {
      files.close()
      this.#pending.delete(files)
      this.#unsynced.delete(files)
    }
    this.#files.delete(stream)
    const half = join(this.#streams, `.${epoch}`)
    renameSync(join(this.#streams, epoch), half)
    if (this.#settings.fsync) syncFolder(this.#streams)
    rmSync(half, { recursive: true })
  }

  /**
   * Writes at once what calls have changed; resolves when it is as safe as it will be. After a failure nothing is written
   * any more, because what is in memory is ahead of the files.
   */
  commit(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#pending.size === 0) return Promise.resolve()
    try {
      for (const files of this.#pending) {
        files.write()
        this.#unsynced.add(files)
      }
      this.#pending.clear()
      if (this.#settings.fsync) return this.#synced()
      this.#roll()
      return Promise.resolve()
    } catch (failure) {
      this.#failure = failure
      return Promise.reject(failure)
    }
  }

  close(): void {
    for (const files of this.#files.values()) files.close()
    this.#files.clear()
    this.#unlock()
  }

  /** Of all that wait, one sync at a time: who comes while one runs is part of the next. */
  #synced(): Promise<void> {
    if (this.#syncing === undefined) {
      this.#syncing = this.#sync().finally(() => {
        this.#syncing = undefined
      })
      return this.#syncing
    }
    this.#nextSync ??= this.#syncing.then(() => {
      this.#nextSync = undefined
      return this.#synced()
    })
    return this.#nextSync
  }

  async #sync(): Promise<void> {
    try {
      const all = [...this.#unsynced]
      this.#unsynced.clear()
      await Promise.all(all.map((files) => this.#syncFiles(files)))
      for (const files of all) if (this.#isOpen(files)) files.rollIfFull()
    } catch (failure) {
      this.#failure = failure
      throw failure
    }
  }

  /** The files of a stream that is deleted meanwhile are closed under the sync. */
  async #syncFiles(files: StreamFiles): Promise<void> {
    try {
      await files.sync()
    } catch (failure) {
      if (this.#isOpen(files)) throw failure
    }
  }

  #isOpen(files: StreamFiles): boolean {
    return [...this.#files.values()].includes(files)
  }

  #roll(): void {
    for (const files of this.#unsynced) files.rollIfFull()
    this.#unsynced.clear()
  }

  #loadStream(folder: string, make: StreamMaker): Stream | undefined {
    const numbers = readdirSync(folder)
      .filter((name) => NUMBERED.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b)
    let stream: Stream | undefined
    const old: OldFile[] = []
    for (const [index, number] of numbers.entries()) {
      const path = join(folder, fileName(number))
      const file = readFileSync(path)
      let lastCounter = 0
      let states = 0
      const { end, isTail } = readFrames(file, {
        state(state) {
          states++
          stream = stream?.restore(state) ?? make(state)
        },
        record(shardIndex: number, record: NewRecord, place: RecordPlace) {
          lastCounter = place.counter
          stream?.restoreRecord(shardIndex, record, place)
        },
      })
      const mayBeCut = isTail && this.#areUnfinished(folder, numbers.slice(index + 1))
      if (end < file.length && !mayBeCut) {
        throw directoryError('KINESIS_DIRECTORY_DAMAGED', {
          message: `${path} is damaged at byte ${end} of ${file.length}; restore it, or delete ${folder} with its stream`,
        })
      }
      if (states === 0) rmSync(path)
      else {
        if (end < file.length) truncateSync(path, end)
        old.push({ number, lastCounter })
      }
    }
    if (stream === undefined) {
      rmSync(folder, { recursive: true })
      return undefined
    }
    stream.skipCounters(SKIPPED_COUNTERS)
    this.#keep(stream, folder, old)
    return stream
  }

  /** Whether these were begun but have no state yet, or are none: then the file before them is the last one. */
  #areUnfinished(folder: string, numbers: readonly number[]): boolean {
    return numbers.every((number) => {
      let states = 0
      readFrames(readFileSync(join(folder, fileName(number))), { state: () => void states++, record: () => {} })
      return states === 0
    })
  }

  #keep(stream: Stream, folder: string, old: readonly OldFile[]): void {
    const files = this.#filesOf(stream, folder, old)
    this.#files.set(stream, files)
    stream.writeTo(files)
  }

  #filesOf(stream: Stream, folder: string, old: readonly OldFile[]): StreamFiles {
    const files = new StreamFiles(stream, old, {
      folder,
      fileBytes: this.#settings.fileBytes,
      fsync: this.#settings.fsync,
      onPending: (pending) => void this.#pending.add(pending),
    })
    return files
  }

  #readSecret(): string {
    const path = join(this.#settings.path, 'server.json')
    if (existsSync(path)) {
      const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
      if (typeof read === 'object' && read !== null && 'secret' in read && typeof read.secret === 'string') {
        return read.secret
      }
      throw directoryError('KINESIS_DIRECTORY_DAMAGED', {
        message: `${path} has no secret; delete it (iterators and page tokens of before then are invalid)`,
      })
    }
    const secret = this.#settings.newSecret()
    const half = `${path}.new`
    writeFileSync(half, `${JSON.stringify({ version: 1, secret })}\n`, { mode: 0o600 })
    renameSync(half, path)
    return secret
  }
}

function failedAs(cause: unknown, path: string): TidemarkError {
  if (cause instanceof TidemarkError) return cause
  return directoryError('KINESIS_DIRECTORY_FAILED', {
    message: `cannot use ${path}: ${messageOf(cause)}; choose one that can be written`,
    cause,
  })
}
