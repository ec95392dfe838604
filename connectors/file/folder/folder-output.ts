import type { Dirent, Stats } from 'node:fs'
import { link, mkdir, readdir, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CommitPoint, CommitterContext } from '../../../core/connector.js'
import { TidemarkError } from '../../../core/errors.js'
import { fileError, systemCode } from '../errors.js'
import { isLater } from '../staged/committer.js'
import { AGREEMENT, MARKER, parseFinalName, parseStagedName, SUCCESS } from '../staged/names.js'
import type { OutputPlace } from '../staged/storage.js'
import { type FileCommittable, parseCommittable } from './committable.js'
import { FolderAgreement } from './folder-agreement.js'
import { checksumOf } from './folder-file.js'
import { FolderLedger } from './folder-ledger.js'
import { makeFolder, type SinkFolders, syncFolder } from './folders.js'

/** How names of files begin that are there for a moment: probes of a folder, and what becomes another file when it is whole. */
const PASSING = [`${MARKER}.`, `.${AGREEMENT}.`, '.ledger.']

/**
 * A folder as the place of committed files. Each step of showing them can be repeated, by another process too:
 * 1. link the staged file to its final name: atomic, and never over another file
 * 2. fsync of the output folder: the name is durable
 * 3. remove the staged name. Not before 2, or a crash of the machine could lose both.
 */
export class FolderOutput implements OutputPlace<FileCommittable> {
  readonly #context: CommitterContext
  readonly #folders: SinkFolders
  readonly ledger: FolderLedger | undefined
  readonly agreement: FolderAgreement

  /** @param hasLedger whether files go on over checkpoints, or partitions are marked */
  constructor(context: CommitterContext, folders: SinkFolders, hasLedger: boolean) {
    this.#context = context
    this.#folders = folders
    const { environment, operatorId } = context
    this.agreement = new FolderAgreement(folders.staging, { operatorId, environment })
    if (hasLedger)
      this.ledger = new FolderLedger(folders.staging, { operatorId, environment, lineage: context.lineage })
  }

  parse(committable: unknown): FileCommittable {
    return parseCommittable(committable, this.#context.operatorId)
  }

  nameOf({ folder, final }: FileCommittable): string {
    return join(this.#folders.output, folder, final)
  }

  async show(files: readonly FileCommittable[]): Promise<void> {
    if (files.length === 0) return
    const { output, staging } = this.#folders
    const folders = new Set(files.map(({ folder }) => join(output, folder)))
    for (const folder of folders) if (folder !== join(output, '')) await this.#guard(folder, () => makeFolder(folder))
    for (const file of files) await this.#guard(this.nameOf(file), () => this.#show(file))
    for (const folder of folders) await this.#guard(folder, () => syncFolder(folder))
    for (const name of files.flatMap(({ staged, replaces = staged }) => [staged, replaces])) {
      const path = join(staging, name)
      await this.#guard(path, () => unlink(path).catch(ignoreMissing))
    }
  }

  /**
   * Removes what earlier generations of this lineage left unfinished. Files of other lineages stay: a checkpoint of
   * theirs may still want them. They are named in the log.
   */
  async sweep(kept: ReadonlySet<string>): Promise<void> {
    const { staging } = this.#folders
    const { lineage, generation, logger } = this.#context
    const foreign: string[] = []
    await this.#guard(staging, async () => {
      const names = await readdir(staging).catch((thrown: unknown) => {
        ignoreMissing(thrown)
        return []
      })
      for (const name of names) {
        const staged = parseStagedName(name)
        if (!staged || kept.has(name)) continue
        if (staged.lineage !== lineage) foreign.push(name)
        else if (staged.generation < generation) await unlink(join(staging, name)).catch(ignoreMissing)
      }
    })
    await this.#removePassing()
    if (foreign.length > 0) {
      logger.warn('unfinished files of other lineages are left: remove them once no checkpoint of theirs is needed', {
        folder: staging,
        files: foreign.length,
      })
    }
  }

  /** What a process that was killed in between has left in the folders. */
  async #removePassing(): Promise<void> {
    for (const folder of Object.values(this.#folders)) {
      await this.#guard(folder, async () => {
        const names = await readdir(folder).catch((thrown: unknown) => {
          ignoreMissing(thrown)
          return []
        })
        for (const name of names) {
          if (PASSING.some((start) => name.startsWith(start))) await unlink(join(folder, name)).catch(ignoreMissing)
        }
      })
    }
  }

  async mark(folder: string): Promise<void> {
    const path = join(this.#folders.output, folder, SUCCESS)
    await this.#guard(path, async () => {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, '', { flush: true })
      await syncFolder(dirname(path))
    })
  }

  async committedAfter(point: CommitPoint): Promise<string | undefined> {
    const { output } = this.#folders
    return this.#guard(output, async () => {
      const found = await readdir(output, { recursive: true, withFileTypes: true }).catch((thrown: unknown) => {
        ignoreMissing(thrown)
        return [] as Dirent[]
      })
      const later = found.flatMap((entry) => {
        const final = parseFinalName(entry.name)
        const isOne = entry.isFile() && final?.lineage === point.lineage && isLater(final, point)
        return isOne ? [join(entry.parentPath, entry.name)] : []
      })
      return later.sort()[0]
    })
  }

  close(): void {}

  async #show(file: FileCommittable): Promise<void> {
    const from = join(this.#folders.staging, file.staged)
    const to = this.nameOf(file)
    const staged = await statOrUndefined(from)
    const shown = await statOrUndefined(to)
    if (shown) return this.#checkShown(file, { to, shown, staged })
    if (!staged) {
      throw this.#fatal(
        'COMMITTABLE_MISSING',
        `${from} (${file.rows} rows) was finished before the checkpoint and is gone, and ${to} is not there either: ` +
          'its rows are lost. If staging or path of the sink was changed or moved, undo that and start again',
      )
    }
    if (staged.size !== file.bytes) {
      throw this.#fatal('COMMITTABLE_DAMAGED', `${from}: expected ${file.bytes} bytes, found ${staged.size}`)
    }
    try {
      await link(from, to)
    } catch (thrown) {
      // Another process commits the same.
      if (systemCode(thrown) !== 'EEXIST') throw thrown
      await this.#checkShown(file, { to, shown: await stat(to), staged })
    }
  }

  /** The final name is taken: by these very rows, or it is a conflict. */
  async #checkShown(
    file: FileCommittable,
    { to, shown, staged }: { readonly to: string; readonly shown: Stats; readonly staged: Stats | undefined },
  ): Promise<void> {
    const same = staged !== undefined && shown.ino === staged.ino && shown.dev === staged.dev
    if (shown.size === file.bytes && (same || (await checksumOf(to)) === file.crc32)) return
    throw this.#fatal(
      'COMMIT_CONFLICT',
      `${to} exists with other contents: expected ${file.bytes} bytes with CRC-32 ${file.crc32}, found ${shown.size} ` +
        'bytes; something else than this job has written it. Move it away and start again',
    )
  }

  #fatal(code: string, message: string): TidemarkError {
    const { operatorId } = this.#context
    return new TidemarkError({ code, domain: 'storage', operatorId, message: `sink '${operatorId}': ${message}` })
  }

  async #guard<R>(path: string, operation: () => Promise<R>): Promise<R> {
    try {
      return await operation()
    } catch (thrown) {
      const { operatorId } = this.#context
      throw fileError(thrown, { where: `sink '${operatorId}'`, path, operatorId })
    }
  }
}

async function statOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (thrown) {
    ignoreMissing(thrown)
    return undefined
  }
}

function ignoreMissing(thrown: unknown): void {
  if (systemCode(thrown) !== 'ENOENT') throw thrown
}
