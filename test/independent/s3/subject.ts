import { Readable } from 'node:stream'
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  type GetObjectCommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'

/** What a scenario found, as it is compared and printed. */
export type Finding = string | number | boolean | undefined | readonly Finding[] | { readonly [name: string]: Finding }
export type Findings = Readonly<Record<string, Finding>>

export interface Scenario {
  readonly name: string
  readonly run: (s3: Subject) => Promise<Findings>
}

interface Answered {
  readonly $metadata: { readonly httpStatusCode?: number | undefined }
}

/** One S3 under test, with a bucket of its own for each scenario. */
export class Subject {
  readonly client: S3Client
  readonly bucket: string

  constructor(client: S3Client, bucket: string) {
    this.client = client
    this.bucket = bucket
  }

  async prepare(): Promise<void> {
    await this.client.send(new CreateBucketCommand({ Bucket: this.bucket }))
  }

  put(key: string, body: PutObjectCommandInput['Body'] = 'x', more: Partial<PutObjectCommandInput> = {}) {
    return this.client.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: body, ...more }))
  }

  get(key: string, more: Partial<GetObjectCommandInput> = {}) {
    return this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key, ...more }))
  }

  async text(key: string): Promise<string> {
    const { Body } = await this.get(key)
    return Body === undefined ? 'no body' : Body.transformToString()
  }

  async begin(key: string, more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
    const { UploadId } = await this.client.send(
      new CreateMultipartUploadCommand({ Bucket: this.bucket, Key: key, ...more }),
    )
    return UploadId ?? ''
  }

  async part(key: string, id: string, number: number, body: string | Buffer): Promise<CompletedPart> {
    const input = { Bucket: this.bucket, Key: key, UploadId: id, PartNumber: number, Body: body }
    const { ETag, ChecksumCRC32 } = await this.client.send(new UploadPartCommand(input))
    return { PartNumber: number, ETag, ChecksumCRC32 }
  }

  complete(key: string, id: string, parts: CompletedPart[], more: Partial<CompleteMultipartUploadCommandInput> = {}) {
    const MultipartUpload = { Parts: parts }
    return this.client.send(
      new CompleteMultipartUploadCommand({ Bucket: this.bucket, Key: key, UploadId: id, MultipartUpload, ...more }),
    )
  }
}

/** The status, and what of the answer is worth comparing; or the status and the error's name. */
export async function outcome<T extends Answered>(
  call: Promise<T>,
  pick: (answer: T) => Finding | Promise<Finding> = () => undefined,
): Promise<Finding> {
  try {
    const answer = await call
    const picked = await pick(answer)
    const status = answer.$metadata.httpStatusCode
    return picked === undefined ? `${status}` : { status, picked }
  } catch (thrown) {
    if (thrown instanceof S3ServiceException) return `${thrown.$metadata.httpStatusCode} ${thrown.name}`
    return `failed: ${thrown instanceof Error ? thrown.name : String(thrown)}`
  }
}

/** How often each outcome came up. */
export async function tally(calls: readonly Promise<Answered>[]): Promise<Finding> {
  const ended = await Promise.all(calls.map((call) => outcome(call)))
  const counts: Record<string, number> = {}
  for (const one of ended.map(String).sort()) counts[one] = (counts[one] ?? 0) + 1
  return counts
}

/** Sent with its checksum in a trailer. */
export function streamOf(...chunks: readonly string[]): Readable {
  return Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
}
