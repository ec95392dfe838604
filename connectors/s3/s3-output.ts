import type { CommitPoint, CommitterContext } from '../../core/connector.js'
import { isLater } from '../file/staged/committer.js'
import { SUCCESS } from '../file/staged/names.js'
import type { OutputPlace } from '../file/staged/storage.js'
import { isAbsent } from './failure.js'
import type { S3Location } from './location.js'
import { ledgerFolder, parseObjectName, sinkTag } from './names.js'
import type { S3Requests } from './requests.js'
import { S3Agreement } from './s3-agreement.js'
import { S3Ledger } from './s3-ledger.js'
import { putObject } from './small-object.js'
import { parseCommittable, type UploadCommittable } from './upload.js'
import type { S3Uploads } from './uploads.js'

/** Not '', of which the SDK does not know the length. */
const EMPTY = Buffer.alloc(0)

/** A bucket as the place of committed files: completing an upload is what shows it. */
export class S3Output implements OutputPlace<UploadCommittable> {
  readonly #context: CommitterContext
  readonly #uploads: S3Uploads
  readonly #location: S3Location
  readonly #sink: string
  readonly ledger: S3Ledger
  readonly agreement: S3Agreement

  constructor(context: CommitterContext, uploads: S3Uploads, location: S3Location) {
    this.#context = context
    this.#uploads = uploads
    this.#location = location
    this.#sink = sinkTag(context.operatorId)
    const folder = ledgerFolder(location.base, { sink: this.#sink })
    this.ledger = new S3Ledger(uploads.requests, folder, context.lineage)
    this.agreement = new S3Agreement(uploads.requests, folder)
  }

  parse(committable: unknown): UploadCommittable {
    return parseCommittable(committable, this.#context.operatorId, this.#location.base)
  }

  nameOf({ key }: UploadCommittable): string {
    return `s3://${this.#location.bucket}/${key}`
  }

  async show(files: readonly UploadCommittable[]): Promise<void> {
    // All come to an end before one that failed is heard of: nothing goes on behind the back of the coordinator.
    const outcomes = await Promise.allSettled(files.map((file) => this.#uploads.complete(file)))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  /** Uploads of other lineages stay: a checkpoint of theirs may still want them. They are named in the log. */
  async sweep(kept: ReadonlySet<string>): Promise<void> {
    const { lineage, generation, logger } = this.#context
    let foreign = 0
    for (const { key, uploadId } of await this.#uploads.list(this.#location.base)) {
      const name = parseObjectName(key)
      if (name?.sink !== this.#sink || kept.has(uploadId)) continue
      if (name.lineage !== lineage) foreign++
      else if (name.generation < generation) await this.#uploads.abort({ key, uploadId }, 'surely')
    }
    if (foreign === 0) return
    logger.warn('unfinished uploads of other lineages are left: abort them once no checkpoint of theirs is needed', {
      place: this.#location.shown,
      uploads: foreign,
    })
  }

  async mark(folder: string): Promise<void> {
    await putObject(this.#uploads.requests, { key: `${this.#location.base}${folder}${SUCCESS}`, body: EMPTY })
  }

  async committedAfter(point: CommitPoint): Promise<string | undefined> {
    const visible = (await this.ledger.read(point.lineage))?.visible
    if (visible === undefined || !isLater(visible, point)) return undefined
    const { requests } = this.#uploads
    const { sdk, client, bucket } = requests
    const key = visible.name.slice(`s3://${bucket}/`.length)
    const isThere = await requests.run({ operation: 'HeadObject', key }, async (abortSignal) => {
      try {
        await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal })
        return true
      } catch (thrown) {
        if (isAbsent(thrown)) return false
        throw thrown
      }
    })
    // That one was moved away. Others may not have been.
    return isThere ? visible.name : this.#anyAfter(point, requests)
  }

  close(): void {
    this.#uploads.requests.release()
  }

  async #anyAfter(
    { lineage, generation, checkpointId }: CommitPoint,
    requests: S3Requests,
  ): Promise<string | undefined> {
    const { sdk, client, bucket } = requests
    const { base } = this.#location
    let token: string | undefined
    do {
      const page = await requests.run({ operation: 'ListObjectsV2', key: base }, (abortSignal) => {
        const from = token === undefined ? {} : { ContinuationToken: token }
        return client.send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: base, ...from }), { abortSignal })
      })
      for (const { Key = '' } of page.Contents ?? []) {
        const name = parseObjectName(Key)
        if (name?.lineage !== lineage || name.sink !== this.#sink) continue
        // One that began after a checkpoint belongs to a later one.
        if (name.generation > generation || (name.generation === generation && name.after >= checkpointId)) {
          return `s3://${bucket}/${Key}`
        }
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
    return undefined
  }
}
