import { TidemarkError } from '../../core/errors.js'
import { AGREEMENT } from '../file/staged/names.js'
import type { Agreement } from '../file/staged/storage.js'
import type { S3Requests } from './requests.js'
import { putObject, readObject } from './small-object.js'

/** How often an object may be there, and then not, until that is no coincidence any more. */
const GONE_AGAIN = 3

/** An object beside the ledger. Its creation is conditional: that of one alone succeeds. */
export class S3Agreement implements Agreement {
  readonly name: string
  readonly #requests: S3Requests
  readonly #key: string

  /** @param folder with a slash at its end */
  constructor(requests: S3Requests, folder: string) {
    this.#requests = requests
    this.#key = folder + AGREEMENT
    this.name = `s3://${requests.bucket}/${this.#key}`
  }

  read(): Promise<string | undefined> {
    return readObject(this.#requests, this.#key)
  }

  async create(text: string): Promise<string> {
    const object = { key: this.#key, body: Buffer.from(text), contentType: 'application/json', onlyIfAbsent: true }
    for (let attempts = 0; attempts < GONE_AGAIN; attempts++) {
      await putObject(this.#requests, object)
      // Also where the own one was refused: an earlier attempt whose answer was lost may have been the first.
      const found = await this.read()
      if (found !== undefined) return found
    }
    throw new TidemarkError({
      code: 'S3_REFUSED',
      domain: 'connector',
      operatorId: this.#requests.operatorId,
      message:
        `sink '${this.#requests.operatorId}': ${this.name} can neither be created nor read: it is removed as often as it ` +
        'is written, or the server does not know conditional writes (If-None-Match)',
    })
  }
}
