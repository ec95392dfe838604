import { close, mkdirSync, openSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RootDatabase, RootDatabaseOptionsWithPath } from 'lmdb'
import { diskFailed, type FailedAccess } from './disk-error.js'

export type OpenLmdb = (options: RootDatabaseOptionsWithPath) => RootDatabase<Uint8Array, Uint8Array>

export interface ScratchWrites {
  put(key: Uint8Array, value: Uint8Array): void
  remove(key: Uint8Array): void
}

export interface ScratchRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface ScratchDatabaseOptions {
  readonly lmdb: OpenLmdb
  /** A folder of its own, which does not exist. */
  readonly directory: string
  readonly operatorId: string
}

/** On another thread than the loop's. */
const closeElsewhere = promisify(close)
/** Of lmdb, in the folder of a database. */
const DATA_FILE = 'data.mdb'
/** Address space, not memory and not disk: growing it while the job runs would hold the loop. */
const MAP_BYTES = 16 * 2 ** 30

/**
 * Sorted bytes on disk for as long as the process lives. Its files have no names once they are open, where the system
 * allows that: whatever becomes of the process, nothing is left behind. Nothing is synced, because nothing is read again
 * after a failure.
 */
export class ScratchDatabase {
  /** Counts writes: what was read before may be outdated. */
  version = 0
  private readonly options: ScratchDatabaseOptions
  /** Opened by the first write: state that fits into the cache never touches the disk. */
  private database: RootDatabase<Uint8Array, Uint8Array> | undefined
  /** Of the file beside lmdb's own: whoever closes the last one waits until the system has freed a gigabyte of pages. */
  private file: number | undefined

  constructor(options: ScratchDatabaseOptions) {
    this.options = options
  }

  /** Valid until the next call. */
  read(key: Uint8Array): Uint8Array | undefined {
    const { database } = this
    if (database === undefined) return undefined
    const found = this.attempt('read', () => database.getBinaryFast(key))
    // It is a larger buffer that says a smaller length.
    return found && new Uint8Array(found.buffer, found.byteOffset, found.length)
  }

  /** The records between two keys, both not included, in their order. */
  page(after: Uint8Array, before: Uint8Array, limit: number): readonly ScratchRecord[] {
    const { database } = this
    if (database === undefined) return []
    return this.attempt('read', () => [
      ...database.getRange({ start: after, end: before, exclusiveStart: true, limit, snapshot: false }),
    ])
  }

  /** All of it or, when this throws, nothing. */
  write(write: (writes: ScratchWrites) => void): void {
    const database = this.open()
    const writes: ScratchWrites = {
      put: (key, value) => void database.put(key, value),
      remove: (key) => void database.remove(key),
    }
    this.version++
    this.attempt('write', () => database.transactionSync(() => write(writes)))
  }

  async close(): Promise<void> {
    const { database } = this
    this.database = undefined
    if (database === undefined) return
    await database.close()
    if (this.file !== undefined) await closeElsewhere(this.file)
    await rm(this.options.directory, { recursive: true, force: true })
  }

  private open(): RootDatabase<Uint8Array, Uint8Array> {
    if (this.database !== undefined) return this.database
    const { lmdb, directory } = this.options
    this.database = this.attempt('open', () => {
      mkdirSync(directory, { recursive: true })
      return lmdb({
        path: directory,
        encoding: 'binary',
        keyEncoding: 'binary',
        noSync: true,
        overlappingSync: false,
        noMemInit: true,
        mapSize: MAP_BYTES,
      })
    })
    this.file = this.attempt('open', () => openSync(join(directory, DATA_FILE), 'r'))
    removeName(directory)
    return this.database
  }

  private attempt<T>(verb: FailedAccess['verb'], run: () => T): T {
    try {
      return run()
    } catch (error) {
      const { operatorId, directory } = this.options
      throw diskFailed({ operatorId, directory, verb }, error)
    }
  }
}

/** Not on Windows, which keeps the name of an open file: there it goes when it is closed. */
function removeName(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true })
  } catch {
    // It is open all the same.
  }
}
