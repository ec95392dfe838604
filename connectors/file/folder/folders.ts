import { link, mkdir, open, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { TidemarkError } from '../../../core/errors.js'
import { fileError, systemCode } from '../errors.js'
import { folderOf, MARKER } from '../staged/names.js'

/** Where one sink's files lie. */
export interface SinkFolders {
  /** Where committed files appear. */
  readonly output: string
  /** Where unfinished files lie: the staging folder, and in it one of the operator. */
  readonly stagingRoot: string
  readonly staging: string
}

export interface SinkFolderOptions {
  readonly path: string
  readonly staging: string | undefined
  readonly operatorId: string
}

export function sinkFolders({ path, staging, operatorId }: SinkFolderOptions): SinkFolders {
  const stagingRoot = staging ?? join(path, '.staging')
  return { output: path, stagingRoot, staging: join(stagingRoot, folderOf(operatorId)) }
}

export interface PrepareOptions {
  readonly operatorId: string
  readonly nonce: () => string
}

/**
 * Makes the folders, marks those that were not there or empty, and checks that a link from one to the other works.
 * Several subtasks do this at the same time.
 */
export async function prepareFolders(folders: SinkFolders, options: PrepareOptions): Promise<void> {
  const where = `sink '${options.operatorId}'`
  const { output, stagingRoot, staging } = folders
  let path = output
  try {
    await makeFolder(output)
    await mark(output, options)
    await checkOwner(output, options)
    path = stagingRoot
    await makeFolder(stagingRoot)
    if (!isInside(stagingRoot, output)) await mark(stagingRoot, options)
    path = staging
    await makeFolder(staging)
  } catch (thrown) {
    throw fileError(thrown, { where, path, operatorId: options.operatorId })
  }
  await checkLinks(folders, options)
}

/** Makes entries of a folder (links, removals) durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Empties folders that Tidemark made, for a run that starts over. A missing or empty one is fine.
 * @throws TidemarkError OUTPUT_NOT_OURS when one holds something and no marker of Tidemark; nothing is removed then
 */
export async function replaceOutputFolder(...paths: readonly string[]): Promise<void> {
  const contents = await Promise.all(paths.map((path) => replaceableNames(path)))
  for (const [index, path] of paths.entries()) await empty(path, contents[index] ?? [])
}

/** What has to go. */
async function replaceableNames(path: string): Promise<readonly string[]> {
  let names: string[]
  try {
    names = await readdir(path)
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return []
    throw fileError(thrown, { where: 'replacing output', path })
  }
  if (names.every((name) => name.startsWith(MARKER))) return []
  if ((await readMarker(path)) !== undefined) return names
  throw new TidemarkError({
    code: 'OUTPUT_NOT_OURS',
    domain: 'user',
    message:
      `${path} holds files and was not made by Tidemark (it has no ${MARKER} file): it is left as it is. ` +
      'Choose another folder, or empty it yourself',
  })
}

async function empty(path: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  try {
    // The marker goes last, so that an interrupted replacement can be repeated.
    for (const name of names) if (name !== MARKER) await rm(join(path, name), { recursive: true, force: true })
    await syncFolder(path)
    await rm(join(path, MARKER))
    await syncFolder(path)
  } catch (thrown) {
    throw fileError(thrown, { where: 'replacing output', path })
  }
}

interface Marker {
  readonly tidemark: string
  readonly operatorId: unknown
}

async function readMarker(path: string): Promise<Marker | undefined> {
  try {
    const content: unknown = JSON.parse(await readFile(join(path, MARKER), 'utf8'))
    if (typeof content !== 'object' || content === null || !('tidemark' in content)) return undefined
    return { tidemark: String(content.tidemark), operatorId: 'operatorId' in content ? content.operatorId : undefined }
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT' || thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

/** Two sinks of a job in one folder would give their files the same names. */
async function checkOwner(path: string, { operatorId }: PrepareOptions): Promise<void> {
  const owner = (await readMarker(path))?.operatorId
  if (owner === undefined || owner === operatorId) return
  throw new TidemarkError({
    code: 'OUTPUT_TAKEN',
    domain: 'user',
    operatorId,
    message:
      `sink '${operatorId}': ${path} holds the output of sink '${String(owner)}', and a folder is for one sink. ` +
      `Choose another path; or, if the sink was renamed, remove ${join(path, MARKER)}`,
  })
}

/** With those above it, durably. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  // Each folder that is new has to be known to the one above it.
  for (let made = resolve(path); first !== undefined; made = dirname(made)) {
    await syncFolder(dirname(made))
    if (made === resolve(first)) return
  }
}

async function mark(path: string, { operatorId, nonce }: PrepareOptions): Promise<void> {
  const names = await readdir(path)
  if (names.some((name) => !name.startsWith(MARKER)) || names.includes(MARKER)) return
  const temporary = join(path, `${MARKER}.${nonce()}`)
  const content = {
    tidemark: 'output',
    version: 1,
    operatorId,
    note: 'Tidemark may replace the contents of this folder',
  }
  try {
    await writeFile(temporary, `${JSON.stringify(content)}\n`, { flag: 'wx', flush: true })
    await link(temporary, join(path, MARKER)).catch((thrown: unknown) => {
      // Another subtask was first.
      if (systemCode(thrown) !== 'EEXIST') throw thrown
    })
  } finally {
    await rm(temporary, { force: true })
  }
  await syncFolder(path)
}

async function checkLinks({ staging, output }: SinkFolders, { operatorId, nonce }: PrepareOptions): Promise<void> {
  const probe = `${MARKER}.${nonce()}`
  const from = join(staging, probe)
  const to = join(output, probe)
  try {
    await writeFile(from, '', { flag: 'wx' })
    await link(from, to)
    await unlink(to)
  } catch (thrown) {
    throw new TidemarkError({
      code: 'LINK_UNSUPPORTED',
      domain: 'user',
      operatorId,
      message:
        `sink '${operatorId}': a file in ${staging} cannot be linked into ${output} (${String(systemCode(thrown))}): ` +
        'staging and path must lie on the same file system, one that has hard links',
      cause: thrown,
    })
  } finally {
    await rm(from, { force: true })
  }
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '' && !way.startsWith('..')
}
