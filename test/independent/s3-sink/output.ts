import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3'
import { numbersOf } from '../../connectors/s3/kill-reader.js'

interface SeenObject {
  readonly digest: string
  readonly numbers: readonly number[]
}

/** A reader of one job's output through another client: what it reads once has to be whole, right, and there for ever. */
export class Output {
  private readonly bucket: Bucket
  readonly prefix: string
  private readonly objects = new Map<string, SeenObject>()

  constructor(bucket: Bucket, prefix: string) {
    this.bucket = bucket
    this.prefix = prefix
  }

  get count(): number {
    return this.objects.size
  }

  /** Looks at what is there now; what was seen before is read again with `again`. */
  async look({ again = false } = {}): Promise<void> {
    const keys = (await this.bucket.keys(this.prefix)).filter((key) => !/(^|\/)_/.test(key))
    const there = new Set(keys)
    for (const key of this.objects.keys()) if (!there.has(key)) throw new Error(`${key} was there and is gone`)
    for (const key of keys) {
      const seen = this.objects.get(key)
      if (seen !== undefined && !again) continue
      const bytes = await this.bucket.read(key)
      const digest = createHash('sha256').update(bytes).digest('hex')
      if (seen !== undefined && seen.digest !== digest) throw new Error(`${key} has changed since it was read first`)
      if (seen === undefined) this.objects.set(key, { digest, numbers: await numbersOf(key, bytes) })
    }
  }

  /** The numbers of all rows that were seen, in order. */
  numbers(): readonly number[] {
    return [...this.objects.values()].flatMap(({ numbers }) => numbers).sort((a, b) => a - b)
  }
}

export interface Upload {
  readonly key: string
  readonly id: string
}

/** What the check itself asks of the S3. */
export class Bucket {
  private readonly client: S3Client
  readonly name: string

  constructor(client: S3Client, name: string) {
    this.client = client
    this.name = name
  }

  async create(): Promise<void> {
    await this.client.send(new CreateBucketCommand({ Bucket: this.name }))
  }

  async keys(prefix: string): Promise<readonly string[]> {
    const keys: string[] = []
    let token: string | undefined
    do {
      const page = await this.client.send(
        new ListObjectsV2Command({ Bucket: this.name, Prefix: prefix, ContinuationToken: token }),
      )
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key)
      token = page.NextContinuationToken
    } while (token !== undefined)
    return keys
  }

  async read(key: string): Promise<Buffer> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.name, Key: key }))
    if (Body === undefined) throw new Error(`${key} has no body`)
    return Buffer.from(await Body.transformToByteArray())
  }

  async uploads(prefix: string): Promise<readonly Upload[]> {
    const uploads: Upload[] = []
    let marker: { readonly KeyMarker?: string | undefined; readonly UploadIdMarker?: string | undefined } | undefined =
      {}
    while (marker !== undefined) {
      const page: Awaited<ReturnType<typeof this.uploadPage>> = await this.uploadPage(prefix, marker)
      for (const { Key: key = '', UploadId: id = '' } of page.Uploads ?? []) {
        // Not every S3 looks at the prefix.
        if (key.startsWith(prefix)) uploads.push({ key, id })
      }
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page
      marker = page.IsTruncated === true ? { KeyMarker, UploadIdMarker } : undefined
    }
    return uploads
  }

  private uploadPage(prefix: string, marker: object) {
    return this.client.send(new ListMultipartUploadsCommand({ Bucket: this.name, Prefix: prefix, ...marker }))
  }

  async abort({ key, id }: Upload): Promise<void> {
    await this.client.send(new AbortMultipartUploadCommand({ Bucket: this.name, Key: key, UploadId: id }))
  }

  /** All that is below the prefix, uploads too. */
  async empty(prefix: string): Promise<void> {
    for (const upload of await this.uploads(prefix)) await this.abort(upload)
    for (const key of await this.keys(prefix)) {
      await this.client.send(new DeleteObjectCommand({ Bucket: this.name, Key: key }))
    }
  }

  async delete(): Promise<void> {
    await this.client.send(new DeleteBucketCommand({ Bucket: this.name }))
  }
}
