import { link, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../../../core/environment.js'
import { fileError, systemCode } from '../errors.js'
import { AGREEMENT } from '../staged/names.js'
import type { Agreement } from '../staged/storage.js'
import { makeFolder, syncFolder } from './folders.js'

export interface FolderAgreementOptions {
  readonly operatorId: string
  readonly environment: Pick<Environment, 'nonce'>
}

/** A file of the staging folder, which appears whole or not at all. */
export class FolderAgreement implements Agreement {
  readonly name: string
  readonly #folder: string
  readonly #options: FolderAgreementOptions

  constructor(folder: string, options: FolderAgreementOptions) {
    this.name = join(folder, AGREEMENT)
    this.#folder = folder
    this.#options = options
  }

  async read(): Promise<string | undefined> {
    return this.#guard(async () => {
      try {
        return await readFile(this.name, 'utf8')
      } catch (thrown) {
        if (systemCode(thrown) !== 'ENOENT') throw thrown
        return undefined
      }
    })
  }

  async create(text: string): Promise<string> {
    return this.#guard(async () => {
      await makeFolder(this.#folder)
      const temporary = join(this.#folder, `.${AGREEMENT}.${this.#options.environment.nonce()}`)
      try {
        const file = await open(temporary, 'wx')
        try {
          await file.writeFile(text)
          await file.sync()
        } finally {
          await file.close()
        }
        // Of several that do this at once one is first: a link never replaces.
        await link(temporary, this.name).catch((thrown: unknown) => {
          if (systemCode(thrown) !== 'EEXIST') throw thrown
        })
      } finally {
        await rm(temporary, { force: true })
      }
      await syncFolder(this.#folder)
      return readFile(this.name, 'utf8')
    })
  }

  async #guard<R>(operation: () => Promise<R>): Promise<R> {
    try {
      return await operation()
    } catch (thrown) {
      const { operatorId } = this.#options
      throw fileError(thrown, { where: `sink '${operatorId}'`, path: this.name, operatorId })
    }
  }
}
