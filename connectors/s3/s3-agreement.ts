import { TidemarkError } from '../../core/errors.js'
import { failureKind } from '../../core/s3-failure.js'
import { AGREEMENT } from '../file/staged/names.js'
import type { Agreement } from '../file/staged/storage.js'
import { isAbsent } from './failure.js'
import type { S3Requests } from './requests.js'

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

  async read(): Promise<string | undefined> {
    const { sdk, client, bucket } = this.#requests
    return this.#requests.run({ operation: 'GetObject', key: this.#key }, async (abortSignal) => {
      try {
        const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: this.#key })
        const { Body } = await client.send(command, { abortSignal })
        return (await Body?.transformToString()) ?? ''
      } catch (thrown) {
        if (isAbsent(thrown)) return undefined
        throw thrown
      }
    })
  }

  async create(text: string): Promise<string> {
    for (let attempts = 0; attempts < GONE_AGAIN; attempts++) {
      await this.#put(Buffer.from(text))
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

  async #put(body: Buffer): Promise<void> {
    const { sdk, client, bucket } = this.#requests
    await this.#requests.run({ operation: 'PutObject', key: this.#key, bytes: body.length }, async (abortSignal) => {
      const input = { Bucket: bucket, Key: this.#key, Body: body, ContentType: 'application/json', IfNoneMatch: '*' }
      try {
        await client.send(new sdk.PutObjectCommand(input), { abortSignal })
      } catch (thrown) {
        if (failureKind(thrown) !== 'precondition') throw thrown
      }
    })
  }
}
