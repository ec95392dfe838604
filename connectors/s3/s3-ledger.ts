import { ledgerName, ledgerText, parseLedger, parseLedgerName } from '../file/staged/ledger.js'
import type { Ledger, LedgerPlace } from '../file/staged/storage.js'
import type { S3Requests } from './requests.js'
import { putObject, readObject } from './small-object.js'

/** The ledger of one sink: an object a commit, of which the newest counts and the others go. */
export class S3Ledger implements LedgerPlace {
  readonly #requests: S3Requests
  /** With a slash at its end. */
  readonly #folder: string
  readonly #lineage: string
  /** Names that are there, as far as this process knows. */
  #known: readonly string[] | undefined

  constructor(requests: S3Requests, folder: string, lineage: string) {
    this.#requests = requests
    this.#folder = folder
    this.#lineage = lineage
  }

  async read(lineage: string): Promise<Ledger | undefined> {
    const names = await this.#names(lineage)
    if (lineage === this.#lineage) this.#known = names
    const newest = names.at(-1)
    if (newest === undefined) return undefined
    const key = this.#folder + newest
    const text = await readObject(this.#requests, key)
    return text === undefined ? this.read(lineage) : parseLedger(text, `s3://${this.#requests.bucket}/${key}`)
  }

  async write(ledger: Ledger): Promise<void> {
    const known = this.#known ?? (await this.#names(this.#lineage))
    const name = ledgerName(this.#lineage, ledger)
    const body = Buffer.from(ledgerText(ledger))
    await putObject(this.#requests, { key: this.#folder + name, body, contentType: 'application/json' })
    for (const old of known) if (old < name) await this.#remove(this.#folder + old)
    this.#known = [...known.filter((other) => other > name), name]
  }

  async #remove(key: string): Promise<void> {
    const { sdk, client, bucket } = this.#requests
    await this.#requests.run({ operation: 'DeleteObject', key }, (abortSignal) =>
      client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }), { abortSignal }),
    )
  }

  /** From the oldest. There are a few. */
  async #names(lineage: string): Promise<readonly string[]> {
    const { sdk, client, bucket } = this.#requests
    const prefix = `${this.#folder}ledger-${lineage}-`
    const { Contents = [] } = await this.#requests.run({ operation: 'ListObjectsV2', key: prefix }, (abortSignal) =>
      client.send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }), { abortSignal }),
    )
    const names = Contents.map(({ Key = '' }) => Key.slice(this.#folder.length))
    return names.filter((name) => parseLedgerName(name)?.lineage === lineage).sort()
  }
}
