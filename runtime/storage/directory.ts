import { mkdir, open, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Environment } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { deleteEach } from './delete-each.js'
import { linkNew } from './hard-link.js'
import { requireObjectName, requireRange } from './object-name.js'
import type { ObjectStore, StoredObject } from './object-store.js'

const STAGING = '.staging'

/** A write takes seconds; what is older than this was left by a process that died. */
const ABANDONED_AFTER_MS = 3_600_000

/** Files touched at once. Node has four threads for them. */
const PARALLEL = 4

/**
 * Objects as files below a folder. A file is written beside its place, fsynced, and linked to its name: `link` refuses
 * a name that exists (`rename` would overwrite it), so a create is conditional and never half done.
 */
export async function directoryStore(location: string, environment: Environment): Promise<ObjectStore> {
  const root = resolve(location)
  const staging = join(root, STAGING)
  /** With the first object: whoever only looks makes no folder. */
  let prepared: Promise<void> | undefined
  const prepare = async (): Promise<void> => {
    await attempt({ root, verb: 'create' }, () => mkdir(staging, { recursive: true }))
    await attempt({ root, verb: 'clean up' }, () =>
      removeAbandoned(staging, environment.clock.now() - ABANDONED_AFTER_MS),
    )
  }
  const made = new Set<string>()

  const folderOf = async (path: string): Promise<void> => {
    const folder = dirname(path)
    if (made.has(folder)) return
    await mkdir(folder, { recursive: true })
    for (let current = folder; current !== root; current = dirname(current)) await syncFolder(current)
    await syncFolder(root)
    made.add(folder)
  }

  /** Folders of a checkpoint that is gone go too; one that still holds something stays. */
  const removeEmptyFolders = async (path: string): Promise<void> => {
    for (let folder = dirname(path); folder !== root; folder = dirname(folder)) {
      try {
        await rmdir(folder)
      } catch {
        return
      }
      made.delete(folder)
    }
  }

  /** Tried again when its folder went meanwhile: whoever deleted the last object there removed it. */
  const linkInFolder = async (temporary: string, path: string): Promise<'created' | 'exists'> => {
    for (let attempts = 1; ; attempts++) {
      try {
        await folderOf(path)
        return await linkNew(temporary, path, { root })
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || attempts === 5) throw error
        made.delete(dirname(path))
      }
    }
  }

  const pathOf = (name: string): string => {
    requireObjectName(name, root)
    return join(root, ...name.split('/'))
  }

  const remove = (name: string): Promise<void> =>
    attempt({ root, verb: 'delete', name }, async () => {
      const path = pathOf(name)
      await rm(path, { force: true })
      await removeEmptyFolders(path)
    })

  const namesBelow = async (prefix: string): Promise<string[]> => {
    const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : ''
    const names: string[] = []
    await collect(folder === '' ? root : pathOf(folder), folder, names)
    return names.filter((name) => name.startsWith(prefix)).sort()
  }

  return {
    location,
    create: (name, data) =>
      attempt({ root, verb: 'write', name }, async () => {
        const path = pathOf(name)
        prepared ??= prepare().catch((error: unknown) => {
          prepared = undefined
          throw error
        })
        await prepared
        const temporary = join(staging, environment.nonce())
        try {
          await writeDurably(temporary, data)
          if ((await linkInFolder(temporary, path)) === 'exists') return 'exists'
        } finally {
          await rm(temporary, { force: true })
        }
        await syncFolder(dirname(path))
        return 'created'
      }),
    read: (name) => attempt({ root, verb: 'read', name }, () => unlessMissing(readFile(pathOf(name)))),
    readRange: (name, start, end) =>
      attempt({ root, verb: 'read', name }, async () => {
        requireRange(name, start, end)
        return await unlessMissing(readPart(pathOf(name), start, end))
      }),
    list: (prefix) => attempt({ root, verb: 'list', name: prefix }, () => namesBelow(prefix)),
    listObjects: (prefix) =>
      attempt({ root, verb: 'list', name: prefix }, async () => {
        const objects: StoredObject[] = []
        for (const name of await namesBelow(prefix)) {
          // What is deleted between the listing and this is in no listing.
          const found = await unlessMissing(stat(pathOf(name)))
          if (found) objects.push({ name, bytes: found.size, modifiedAt: Math.floor(found.mtimeMs) })
        }
        return objects
      }),
    delete: remove,
    deleteMany: (names) => deleteEach(root, names, { remove, parallel: PARALLEL }),
    // Nothing is kept open between calls.
    close: async () => undefined,
  }
}

async function unlessMissing<R>(reading: Promise<R>): Promise<R | undefined> {
  try {
    return await reading
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function readPart(path: string, start: number, end: number): Promise<Uint8Array> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const part = new Uint8Array(Math.max(0, Math.min(end, size) - start))
    let filled = 0
    while (filled < part.length) {
      const { bytesRead } = await file.read(part, filled, part.length - filled, start + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return part.subarray(0, filled)
  } finally {
    await file.close()
  }
}

async function collect(folder: string, prefix: string, names: string[]): Promise<void> {
  let entries: Awaited<ReturnType<typeof readEntries>>
  try {
    entries = await readEntries(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  for (const entry of entries) {
    if (prefix === '' && entry.name === STAGING) continue
    const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (entry.isDirectory()) await collect(join(folder, entry.name), name, names)
    else names.push(name)
  }
}

async function removeAbandoned(staging: string, before: number): Promise<void> {
  for (const name of await readdir(staging)) {
    const path = join(staging, name)
    // Another process may clean up at the same time.
    const found = await stat(path).catch(() => undefined)
    if (found && found.mtimeMs < before) await rm(path, { force: true })
  }
}

const readEntries = (folder: string) => readdir(folder, { withFileTypes: true })

async function writeDurably(path: string, data: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(data)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function attempt<R>(
  what: { readonly root: string; readonly verb: string; readonly name?: string },
  action: () => Promise<R>,
): Promise<R> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof TidemarkError) throw error
    const { root, verb, name } = what
    const code = codeOf(error)
    const hint = code === undefined ? undefined : HINTS[code]
    throw new TidemarkError({
      code: code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'STORAGE_FORBIDDEN' : 'STORAGE_FAILED',
      domain: 'storage',
      message:
        `could not ${verb}${name === undefined || name === '' ? '' : ` '${name}' in`} the folder ${root}: ` +
        `${messageOf(error)}${hint === undefined ? '' : `; ${hint}`}`,
      retryable: true,
      cause: error,
    })
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'give the user of this process the right to read, write and search it',
  EPERM: 'give the user of this process the right to read, write and search it',
  EROFS: 'the file system is mounted read-only: choose a folder that can be written',
  EEXIST: 'a file is in the way: choose another folder, or move the file',
  ENOTDIR: 'a file is in the way: choose another folder, or move the file',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
