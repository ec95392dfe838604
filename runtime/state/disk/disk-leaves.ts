import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '../../../core/environment.js'
import type { LeafStore } from '../../../core/state/leaf-table.js'
import { diskEngineMissing } from './disk-error.js'
import { DiskLeafStore } from './disk-leaf-store.js'
import { ScratchDatabase } from './scratch-database.js'
import { openScratchDirectory } from './scratch-directory.js'

type Lmdb = typeof import('lmdb')

export interface DiskLeavesOptions {
  readonly environment: Environment
  /** Where its files are made. Default: the system's folder for temporary files. */
  readonly directory?: string
  /** Of memory for all operators together, about. Default 128 MiB. */
  readonly cacheBytes?: number
  /** Changes since the checkpoints that one operator lists in memory. Default 16,384. */
  readonly changesInMemory?: number
  /** For tests. */
  readonly load?: () => Promise<Lmdb>
}

const DEFAULT_CACHE_BYTES = 128 * 1024 * 1024

/**
 * State on disk behind a cache. The disk holds a working copy, which is rebuilt from the checkpoint at every start.
 * @throws TidemarkError DEPENDENCY_MISSING, STATE_DIRECTORY_UNUSABLE
 */
export async function openDiskLeaves(options: DiskLeavesOptions): Promise<DiskLeaves> {
  const { load = () => import('lmdb'), directory = tmpdir(), environment } = options
  const lmdb = await loadLmdb(load)
  return new DiskLeaves(lmdb, await openScratchDirectory(directory, environment), options)
}

export class DiskLeaves {
  private readonly lmdb: Lmdb
  private readonly directory: string
  private readonly cacheBytes: number
  private readonly changesInMemory: number | undefined
  private readonly open = new Map<ScratchDatabase, DiskLeafStore>()
  private readonly closing = new Set<Promise<void>>()
  private opened = 0

  constructor(lmdb: Lmdb, directory: string, options: DiskLeavesOptions) {
    this.lmdb = lmdb
    this.directory = directory
    this.changesInMemory = options.changesInMemory
    this.cacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES
  }

  /** For one operator on one subtask. */
  storeFor(operatorId: string): LeafStore {
    const directory = join(this.directory, `${++this.opened}`)
    const database = new ScratchDatabase({ lmdb: this.lmdb.open, directory, operatorId })
    const store: DiskLeafStore = new DiskLeafStore({
      operatorId,
      database,
      ...(this.changesInMemory !== undefined && { changesInMemory: this.changesInMemory }),
      budget: () => this.budgetOf(store),
      onClose: () => this.closeOne(database),
    })
    this.open.set(database, store)
    return store
  }

  /** What is still open is closed. */
  async close(): Promise<void> {
    for (const database of this.open.keys()) this.closeOne(database)
    await Promise.all(this.closing)
    await rm(this.directory, { recursive: true, force: true })
  }

  /** An equal part for each, and what the others leave. */
  private budgetOf(store: DiskLeafStore): number {
    let left = this.cacheBytes + store.cache.bytes
    for (const other of this.open.values()) left -= other.cache.bytes
    return Math.max(left, this.cacheBytes / Math.max(1, this.open.size))
  }

  private closeOne(database: ScratchDatabase): void {
    if (!this.open.delete(database)) return
    const closing = database.close().finally(() => this.closing.delete(closing))
    this.closing.add(closing)
  }
}

async function loadLmdb(load: () => Promise<Lmdb>): Promise<Lmdb> {
  try {
    return await load()
  } catch (error) {
    throw diskEngineMissing(error)
  }
}
