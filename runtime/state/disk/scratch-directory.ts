import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Environment } from '../../../core/environment.js'
import { directoryUnusable } from './disk-error.js'

const PREFIX = 'tidemark-state-'
/** A folder has a name for moments, where open files can lose theirs. */
const ABANDONED_AFTER_MS = 3_600_000

/**
 * A folder of this process below `parent`, checked by a write.
 * @throws TidemarkError STATE_DIRECTORY_UNUSABLE
 */
export async function openScratchDirectory(parent: string, environment: Environment): Promise<string> {
  const root = resolve(parent)
  try {
    await mkdir(root, { recursive: true })
    await removeAbandoned(root, environment.clock.now() - ABANDONED_AFTER_MS)
    const directory = await mkdtemp(join(root, PREFIX))
    const probe = join(directory, 'probe')
    await writeFile(probe, new Uint8Array(1))
    await rm(probe)
    return directory
  } catch (error) {
    throw directoryUnusable(root, error)
  }
}

/** Of processes that died while a file had a name. One that is open there cannot be removed where its name matters. */
async function removeAbandoned(root: string, before: number): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(PREFIX)) continue
    const directory = join(root, name)
    try {
      if ((await stat(directory)).mtimeMs < before) await rm(directory, { recursive: true, force: true })
    } catch {
      // Another process was faster, or its files are in use.
    }
  }
}
