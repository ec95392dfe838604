import type { WriterContext } from '../../../core/connector.js'
import { committableInvalid } from '../staged/entries.js'
import { finalName, parseStagedName, stagedName } from '../staged/names.js'
import type { FileToBegin, SinkStorage } from '../staged/storage.js'
import { FolderAgreement } from './folder-agreement.js'
import { copyAsOf, type FileAsOf, FolderFile, type FolderFileOptions } from './folder-file.js'
import { type SinkFolders, syncFolder } from './folders.js'

/** Unfinished files of one subtask in a staging folder. */
export class FolderStorage implements SinkStorage {
  readonly #context: WriterContext
  readonly #folders: SinkFolders
  /** With the dot: `.jsonl`, `.csv.gz`, `.parquet`. */
  readonly #extension: string
  #heldBytes = 0
  readonly agreement: FolderAgreement

  constructor(context: WriterContext, folders: SinkFolders, extension: string) {
    this.#context = context
    this.#folders = folders
    this.#extension = extension
    this.agreement = new FolderAgreement(folders.staging, context)
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  begin({ number }: FileToBegin): FolderFile {
    const hold = (bytes: number): void => {
      this.#heldBytes += bytes
    }
    return new FolderFile({ ...this.#nameFile(number), hold })
  }

  async resume(suspended: unknown, { number }: Pick<FileToBegin, 'number'>) {
    const { operatorId } = this.#context
    const options = this.#nameFile(number)
    const asOf = parseAsOf(suspended, operatorId)
    const copy = await copyAsOf(asOf, { ...options, operatorId })
    const { staged: replaces } = asOf
    return (checkpointId: number) => ({ ...copy, replaces, final: options.finalName(checkpointId) })
  }

  async sync(): Promise<void> {
    await syncFolder(this.#folders.staging)
  }

  interrupt(): void {}

  close(): void {}

  #nameFile(number: number): FolderFileOptions {
    const { environment } = this.#context
    return {
      folder: this.#folders.staging,
      name: stagedName(this.#context, { sequence: number, nonce: environment.nonce() }),
      finalName: (checkpointId) => finalName(this.#context, { checkpointId, number, extension: this.#extension }),
    }
  }
}

function parseAsOf(found: unknown, operatorId: string): FileAsOf {
  const state = (typeof found === 'object' && found !== null ? found : {}) as Partial<FileAsOf>
  const { staged, bytes, crc32 } = state
  const isSound = [bytes, crc32].every((value) => Number.isSafeInteger(value) && (value as number) >= 0)
  if (typeof staged === 'string' && parseStagedName(staged) && isSound) return state as FileAsOf
  throw committableInvalid(operatorId, 1)
}
