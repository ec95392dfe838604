import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type PutObjectCommandOutput,
  type S3Client,
  type S3ClientConfig,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { onTestFinished } from 'vitest'
import { localS3Client } from '../client.js'
import { type LocalS3, type LocalS3Options, startLocalS3 } from '../index.js'

export const BUCKET = 'tides'

export interface Started {
  readonly server: LocalS3
  readonly client: S3Client
}

/** A server with one bucket and the real client for it, both closed when the test ends. */
export async function start(options: LocalS3Options = {}, config: S3ClientConfig = {}): Promise<Started> {
  const server = await startLocalS3({ buckets: [BUCKET], ...options })
  const client = clientOf(server, config)
  onTestFinished(() => server.close())
  return { server, client }
}

export function clientOf(
  server: Pick<LocalS3, 'endpoint' | 'region' | 'credentials'>,
  config: S3ClientConfig = {},
): S3Client {
  const client = localS3Client(server, config)
  onTestFinished(() => client.destroy())
  return client
}

export function put(
  client: S3Client,
  key: string,
  body: NonNullable<PutObjectCommandInput['Body']>,
  more: Partial<PutObjectCommandInput> = {},
): Promise<PutObjectCommandOutput> {
  return client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body, ...more }))
}

export async function text(client: S3Client, key: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }))
  return Body?.transformToString() ?? 'no body'
}

export async function beginUpload(
  client: S3Client,
  key: string,
  more: Partial<CreateMultipartUploadCommandInput> = {},
): Promise<string> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: key, ...more }))
  return UploadId ?? 'no upload id'
}

export interface PartOf {
  readonly key: string
  readonly id: string
  readonly number: number
}

/** Uploads one part and returns what CompleteMultipartUpload wants of it. */
export async function putPart(
  client: S3Client,
  { key, id, number }: PartOf,
  body: string | Buffer,
): Promise<CompletedPart> {
  const input = { Bucket: BUCKET, Key: key, UploadId: id, PartNumber: number, Body: body }
  const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand(input))
  return { PartNumber: number, ETag, ChecksumCRC32 }
}

export function complete(
  client: S3Client,
  { key, id }: Pick<PartOf, 'key' | 'id'>,
  parts: CompletedPart[],
  more: Partial<CompleteMultipartUploadCommandInput> = {},
): Promise<CompleteMultipartUploadCommandOutput> {
  const MultipartUpload = { Parts: parts }
  return client.send(
    new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key: key, UploadId: id, MultipartUpload, ...more }),
  )
}

export interface Failure {
  readonly name: string
  readonly status: number | undefined
  readonly message: string
}

/** The error that the client throws, as user code sees it. */
export async function errorOf(call: Promise<unknown>): Promise<Failure> {
  const outcome = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(outcome instanceof Error)) return { name: 'nothing was thrown', status: undefined, message: '' }
  const status = outcome instanceof S3ServiceException ? outcome.$metadata.httpStatusCode : undefined
  return { name: outcome.name, status, message: outcome.message }
}

/** How each of the calls ended: `ok`, or the error's name. */
export async function outcomes(calls: readonly Promise<unknown>[]): Promise<readonly string[]> {
  return Promise.all(
    calls.map((call) =>
      call.then(
        () => 'ok',
        async () => (await errorOf(call)).name,
      ),
    ),
  )
}
