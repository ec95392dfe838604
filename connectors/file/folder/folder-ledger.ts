import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../../../core/environment.js'
import { fileError, systemCode } from '../errors.js'
import { ledgerName, ledgerText, parseLedger, parseLedgerName } from '../staged/ledger.js'
import type { Ledger, LedgerPlace } from '../staged/storage.js'
import { makeFolder, syncFolder } from './folders.js'

export interface FolderLedgerOptions {
  readonly operatorId: string
  readonly lineage: string
  readonly environment: Pick<Environment, 'nonce'>
}

/** The ledger of one sink, in its staging folder: a file a commit, of which the newest counts. */
export class FolderLedger implements LedgerPlace {
  readonly #folder: string
  readonly #options: FolderLedgerOptions

  constructor(folder: string, options: FolderLedgerOptions) {
    this.#folder = folder
    this.#options = options
  }

  async read(lineage: string): Promise<Ledger | undefined> {
    return this.#guard(async () => {
      const newest = (await this.#names(lineage)).at(-1)
      if (newest === undefined) return undefined
      return parseLedger(await readFile(join(this.#folder, newest), 'utf8'), join(this.#folder, newest))
    })
  }

  async write(ledger: Ledger): Promise<void> {
    await this.#guard(async () => {
      await makeFolder(this.#folder)
      const { lineage, environment } = this.#options
      const name = ledgerName(lineage, ledger)
      const temporary = join(this.#folder, `.ledger.${environment.nonce()}`)
      const file = await open(temporary, 'wx')
      try {
        await file.writeFile(ledgerText(ledger))
        await file.sync()
      } finally {
        await file.close()
      }
      // Whoever writes it again writes the same commit.
      await rename(temporary, join(this.#folder, name))
      await syncFolder(this.#folder)
      for (const old of await this.#names(lineage)) if (old < name) await rm(join(this.#folder, old), { force: true })
    })
  }

  /** From the oldest. */
  async #names(lineage: string): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch((thrown: unknown) => {
      if (systemCode(thrown) !== 'ENOENT') throw thrown
      return []
    })
    return names.filter((name) => parseLedgerName(name)?.lineage === lineage).sort()
  }

  async #guard<R>(operation: () => Promise<R>): Promise<R> {
    try {
      return await operation()
    } catch (thrown) {
      const { operatorId } = this.#options
      throw fileError(thrown, { where: `sink '${operatorId}'`, path: this.#folder, operatorId })
    }
  }
}
