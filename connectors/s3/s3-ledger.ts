import { ledgerName, ledgerText, parseLedger, parseLedgerName } from '../file/staged/ledger.js'
import type { Ledger, LedgerPlace } from '../file/staged/storage.js'
import { isAbsent } from './failure.js'
import type { S3Requests } from './requests.js'

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
    const { sdk, client, bucket } = this.#requests
    const text = await this.#requests.run({ operation: 'GetObject', key }, async (abortSignal) => {
      try {
        const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal })
        return await Body?.transformToString()
      } catch (thrown) {
        if (isAbsent(thrown)) return undefined
        throw thrown
      }
    })
    return text === undefined ? this.read(lineage) : parseLedger(text, `s3://${bucket}/${key}`)
  }

  async write(ledger: Ledger): Promise<void> {
    const { sdk, client, bucket } = this.#requests
    const known = this.#known ?? (await this.#names(this.#lineage))
    const name = ledgerName(this.#lineage, ledger)
    const key = this.#folder + name
    const body = Buffer.from(ledgerText(ledger))
    await this.#requests.run({ operation: 'PutObject', key, bytes: body.length }, (abortSignal) =>
      client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' }), {
        abortSignal,
      }),
    )
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
