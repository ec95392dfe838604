import type { Stats } from 'node:fs'
import { link, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommitPoint, Committer, CommitterContext } from '../../../core/connector.js'
import { TidemarkError } from '../../../core/errors.js'
import { fileError, systemCode } from '../errors.js'
import { type FileCommittable, parseCommittable } from './committable.js'
import { type SinkFolders, syncFolder } from './folders.js'
import { type FinalName, MARKER, parseFinalName, parseStagedName } from './names.js'
import { checksumOf } from './staged-file.js'

/**
 * Makes finished files visible. Each step can be repeated, by another process too:
 * 1. link the staged file to its final name: atomic, and never over another file
 * 2. fsync of the output folder: the name is durable
 * 3. remove the staged name. Not before 2, or a crash of the machine could lose both.
 */
export class StagedCommitter implements Committer {
  readonly #context: CommitterContext
  readonly #folders: SinkFolders

  constructor(context: CommitterContext, folders: SinkFolders) {
    this.#context = context
    this.#folders = folders
  }

  async commit(committables: readonly unknown[]): Promise<void> {
    const files = committables.map((found) => parseCommittable(found, this.#context.operatorId))
    if (files.length === 0) return
    const { output, staging } = this.#folders
    for (const file of files) await this.#guard(join(output, file.final), () => this.#show(file))
    await this.#guard(output, () => syncFolder(output))
    for (const { staged } of files) {
      const path = join(staging, staged)
      await this.#guard(path, () => unlink(path).catch(ignoreMissing))
    }
  }

  /**
   * Removes what earlier generations of this lineage left unfinished. Files of other lineages stay: a checkpoint of
   * theirs may still want them. They are named in the log.
   */
  async sweep(): Promise<void> {
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
        if (!staged) continue
        if (staged.lineage !== lineage) foreign.push(name)
        else if (staged.generation < generation) await unlink(join(staging, name)).catch(ignoreMissing)
      }
    })
    await this.#removeProbes()
    if (foreign.length > 0) {
      logger.warn('unfinished files of other lineages are left: remove them once no checkpoint of theirs is needed', {
        folder: staging,
        files: foreign.length,
      })
    }
  }

  /** What a process that was killed while it looked at the folders has left in them. */
  async #removeProbes(): Promise<void> {
    for (const folder of Object.values(this.#folders)) {
      await this.#guard(folder, async () => {
        const names = await readdir(folder).catch((thrown: unknown) => {
          ignoreMissing(thrown)
          return []
        })
        for (const name of names) {
          if (name.startsWith(`${MARKER}.`)) await unlink(join(folder, name)).catch(ignoreMissing)
        }
      })
    }
  }

  async committedAfter(point: CommitPoint): Promise<string | undefined> {
    const { output } = this.#folders
    return this.#guard(output, async () => {
      const names = await readdir(output).catch((thrown: unknown) => {
        ignoreMissing(thrown)
        return []
      })
      const later = names.sort().find((name) => {
        const final = parseFinalName(name)
        return final?.lineage === point.lineage && isLater(final, point)
      })
      return later === undefined ? undefined : join(output, later)
    })
  }

  async #show(file: FileCommittable): Promise<void> {
    const from = join(this.#folders.staging, file.staged)
    const to = join(this.#folders.output, file.final)
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

/** A later generation may have used the ids of an earlier one again. */
function isLater(final: FinalName, point: CommitPoint): boolean {
  if (final.generation !== point.generation) return final.generation > point.generation
  return final.checkpointId > point.checkpointId
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
