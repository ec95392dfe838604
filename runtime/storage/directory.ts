import { link, mkdir, open, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import type { Environment } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { ObjectStore } from './object-store.js'

const STAGING = '.staging'

/** A write takes seconds; what is older than this was left by a process that died. */
const ABANDONED_AFTER_MS = 3_600_000

/**
 * Objects as files below a folder. A file is written beside its place, fsynced, and linked to its name: `link` refuses
 * a name that exists (`rename` would overwrite it), so a create is conditional and never half done.
 */
export async function directoryStore(location: string, environment: Environment): Promise<ObjectStore> {
  const root = resolve(location)
  const staging = join(root, STAGING)
  await attempt(root, 'create', () => mkdir(staging, { recursive: true }))
  await attempt(root, 'clean up', () => removeAbandoned(staging, environment.clock.now() - ABANDONED_AFTER_MS))
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
    for (let folder = dirname(path); folder !== root && dirname(folder) !== root; folder = dirname(folder)) {
      try {
        await rmdir(folder)
      } catch {
        return
      }
      made.delete(folder)
    }
  }

  return {
    location,
    create: (name, data) =>
      attempt(name, 'write', async () => {
        const path = pathOf(root, name)
        await folderOf(path)
        const temporary = join(staging, environment.nonce())
        try {
          await writeDurably(temporary, data)
          await link(temporary, path)
        } catch (error) {
          if (codeOf(error) === 'EEXIST') return 'exists'
          throw error
        } finally {
          await rm(temporary, { force: true })
        }
        await syncFolder(dirname(path))
        return 'created'
      }),
    read: (name) =>
      attempt(name, 'read', async () => {
        try {
          return await readFile(pathOf(root, name))
        } catch (error) {
          if (codeOf(error) === 'ENOENT') return undefined
          throw error
        }
      }),
    list: (prefix) =>
      attempt(prefix, 'list', async () => {
        const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : ''
        const names: string[] = []
        await collect(folder === '' ? root : pathOf(root, folder), folder, names)
        return names.filter((name) => name.startsWith(prefix)).sort()
      }),
    delete: (name) =>
      attempt(name, 'delete', async () => {
        const path = pathOf(root, name)
        await rm(path, { force: true })
        await removeEmptyFolders(path)
      }),
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

function pathOf(root: string, name: string): string {
  const parts = name.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes(sep))) {
    throw new TidemarkError({
      code: 'STORAGE_NAME_INVALID',
      domain: 'internal',
      message: `'${name}' is not the name of an object: it would leave ${root}`,
    })
  }
  return join(root, ...parts)
}

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

async function attempt<R>(name: string, verb: string, action: () => Promise<R>): Promise<R> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof TidemarkError) throw error
    throw new TidemarkError({
      code: codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM' ? 'STORAGE_FORBIDDEN' : 'STORAGE_FAILED',
      domain: 'storage',
      message: `could not ${verb} '${name}' in the checkpoint folder: ${messageOf(error)}`,
      retryable: true,
      cause: error,
    })
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
