import { crc32 } from 'node:zlib'
import type { CompletedPart, HeadObjectCommandOutput, MultipartUpload } from '@aws-sdk/client-s3'
import { TidemarkError } from '../../core/errors.js'
import { codeOf, isAbsent } from './failure.js'
import type { ObjectAttributes } from './options.js'
import type { S3Requests } from './requests.js'
import { crc32Header, etagOfParts, type Part, type UploadedParts, unquoted } from './upload.js'

/** What is there under an upload's key, in its terms. */
type Outcome = 'same' | 'other' | 'absent'

/** Multipart uploads of one sink: each request repeated, each unknown outcome looked into. */
export class S3Uploads {
  readonly requests: S3Requests
  readonly #attributes: ObjectAttributes

  constructor(requests: S3Requests, attributes: ObjectAttributes) {
    this.requests = requests
    this.#attributes = attributes
  }

  /** @returns whether an attempt whose answer got lost may have begun another upload of the key */
  async create(key: string): Promise<{ readonly uploadId: string; readonly mayHaveStrays: boolean }> {
    const { sdk, client, bucket } = this.requests
    return this.requests.run({ operation: 'CreateMultipartUpload', key }, async (abortSignal, failures) => {
      const command = new sdk.CreateMultipartUploadCommand({
        ...{ Bucket: bucket, Key: key, ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' },
        // A class of storage that the SDK does not know yet is one all the same.
        ...(this.#attributes as object),
      })
      const { UploadId: uploadId } = await client.send(command, { abortSignal })
      if (uploadId === undefined) throw badAnswer('the answer names no upload')
      return { uploadId, mayHaveStrays: failures > 0 }
    })
  }

  /** @throws TidemarkError S3_UPLOAD_GONE */
  async uploadPart(
    upload: { readonly key: string; readonly uploadId: string },
    number: number,
    body: Uint8Array,
  ): Promise<Part> {
    const { sdk, client, bucket, operatorId } = this.requests
    const { key, uploadId } = upload
    const checksum = crc32Header(crc32(body))
    const part = await this.requests.run({ operation: 'UploadPart', key, bytes: body.length }, async (abortSignal) => {
      const command = new sdk.UploadPartCommand({
        ...{ Bucket: bucket, Key: key, UploadId: uploadId, PartNumber: number, Body: body, ChecksumCRC32: checksum },
      })
      try {
        const { ETag } = await client.send(command, { abortSignal })
        if (ETag === undefined) throw badAnswer('the answer has no ETag')
        return { number, etag: unquoted(ETag), bytes: body.length }
      } catch (thrown) {
        if (codeOf(thrown) === 'NoSuchUpload') return undefined
        throw thrown
      }
    })
    if (part) return part
    throw uploadGone(operatorId, `s3://${bucket}/${key}`, uploadId)
  }

  /**
   * Makes an object of an upload. The answer may get lost, or be an error after all: then what is there is looked at.
   * @throws TidemarkError COMMITTABLE_MISSING, COMMITTABLE_DAMAGED, COMMIT_CONFLICT
   */
  async complete(upload: UploadedParts & { readonly rows: number }): Promise<void> {
    const { key, uploadId, bytes } = upload
    let parts = upload.parts
    let isRead = false
    for (;;) {
      const outcome = await this.#complete({ key, uploadId, bytes, crc32: upload.crc32, parts })
      if (outcome === 'done') return
      if (outcome === 'gone') return this.requireShown(upload)
      // A part that was sent twice may have the ETag of the other time.
      if (isRead) throw this.#damaged(upload, 'its parts are not those that were uploaded')
      isRead = true
      const stored = await this.listParts(upload)
      if (stored === undefined) return this.requireShown(upload)
      parts = this.#matching(upload, stored)
    }
  }

  /** @throws TidemarkError COMMITTABLE_MISSING, COMMIT_CONFLICT unless the object is what the upload would make */
  async requireShown(upload: UploadedParts & { readonly rows: number }): Promise<void> {
    const outcome = await this.shown(upload)
    if (outcome === 'same') return
    const { bucket, operatorId } = this.requests
    const { key, uploadId, rows } = upload
    const name = `s3://${bucket}/${key}`
    if (outcome === 'other') {
      throw brokenUpload(
        operatorId,
        'COMMIT_CONFLICT',
        `${name} exists with other contents: expected ${upload.bytes} bytes with CRC-32 ${upload.crc32}; something else ` +
          'than this job has written it. Move it away and start again',
      )
    }
    throw brokenUpload(
      operatorId,
      'COMMITTABLE_MISSING',
      `upload ${uploadId} of ${name} (${rows} rows) was in the checkpoint and is gone, and the object is not there ` +
        'either: its rows are lost. Something has aborted it: a lifecycle rule that aborts incomplete uploads must be ' +
        'longer than the age of the oldest savepoint and the longest stop',
    )
  }

  /** Whether the object is what the upload makes, or made. */
  async shown({ key, parts, bytes, crc32: checksum }: UploadedParts): Promise<Outcome> {
    const { sdk, client, bucket } = this.requests
    const found = await this.requests.run({ operation: 'HeadObject', key }, async (abortSignal) => {
      try {
        const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' })
        return await client.send(command, { abortSignal })
      } catch (thrown) {
        if (isAbsent(thrown)) return undefined
        throw thrown
      }
    })
    if (found === undefined) return 'absent'
    return found.ContentLength === bytes && isSameContent(found, { parts, checksum }) ? 'same' : 'other'
  }

  /** Undefined: there is no such upload. */
  async listParts({
    key,
    uploadId,
  }: {
    readonly key: string
    readonly uploadId: string
  }): Promise<readonly (Part & { readonly crc32: string | undefined })[] | undefined> {
    const { sdk, client, bucket } = this.requests
    const found: (Part & { readonly crc32: string | undefined })[] = []
    let marker: string | undefined
    do {
      const page = await this.requests.run({ operation: 'ListParts', key }, async (abortSignal) => {
        const command = new sdk.ListPartsCommand({
          ...{ Bucket: bucket, Key: key, UploadId: uploadId },
          ...(marker !== undefined && { PartNumberMarker: marker }),
        })
        try {
          return await client.send(command, { abortSignal })
        } catch (thrown) {
          if (codeOf(thrown) === 'NoSuchUpload') return undefined
          throw thrown
        }
      })
      if (page === undefined) return undefined
      for (const { PartNumber: number = 0, ETag, Size: bytes = 0, ChecksumCRC32 } of page.Parts ?? []) {
        found.push({ number, etag: unquoted(ETag), bytes, crc32: ChecksumCRC32 })
      }
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
    } while (marker !== undefined)
    return found
  }

  /** Those of a key, or of all keys that begin so. */
  async list(prefix: string): Promise<readonly { readonly key: string; readonly uploadId: string }[]> {
    const { sdk, client, bucket } = this.requests
    const found: { readonly key: string; readonly uploadId: string }[] = []
    let from: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {}
    while (from) {
      const markers: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = from
      const page = await this.requests.run({ operation: 'ListMultipartUploads', key: prefix }, (abortSignal) =>
        client.send(new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...markers }), {
          abortSignal,
        }),
      )
      const uploads: readonly MultipartUpload[] = page.Uploads ?? []
      for (const { Key, UploadId } of uploads) {
        if (Key !== undefined && UploadId !== undefined) found.push({ key: Key, uploadId: UploadId })
      }
      from = page.IsTruncated
        ? {
            ...(page.NextKeyMarker !== undefined && { KeyMarker: page.NextKeyMarker }),
            ...(page.NextUploadIdMarker !== undefined && { UploadIdMarker: page.NextUploadIdMarker }),
          }
        : undefined
    }
    return found
  }

  /** One that is gone is fine. */
  async abort(
    { key, uploadId }: { readonly key: string; readonly uploadId: string },
    how: 'briefly' | 'surely',
  ): Promise<void> {
    const { sdk, client, bucket } = this.requests
    const action = async (abortSignal: AbortSignal): Promise<void> => {
      try {
        const command = new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId })
        await client.send(command, { abortSignal })
      } catch (thrown) {
        if (codeOf(thrown) !== 'NoSuchUpload') throw thrown
      }
    }
    const request = { operation: 'AbortMultipartUpload', key } as const
    await (how === 'briefly' ? this.requests.runBriefly(request, action) : this.requests.run(request, action))
  }

  async #complete(upload: UploadedParts): Promise<'done' | 'gone' | 'otherParts'> {
    const { sdk, client, bucket } = this.requests
    const { key, uploadId, parts, bytes, crc32: checksum } = upload
    return this.requests.run({ operation: 'CompleteMultipartUpload', key }, async (abortSignal) => {
      const command = new sdk.CompleteMultipartUploadCommand({
        ...{ Bucket: bucket, Key: key, UploadId: uploadId, MpuObjectSize: bytes },
        ...{ ChecksumType: 'FULL_OBJECT', ChecksumCRC32: crc32Header(checksum) },
        MultipartUpload: {
          Parts: parts.map(({ number, etag }): CompletedPart => ({ PartNumber: number, ETag: etag })),
        },
      })
      try {
        await client.send(command, { abortSignal })
        return 'done'
      } catch (thrown) {
        const code = codeOf(thrown)
        if (code === 'NoSuchUpload') return 'gone'
        if (code === 'InvalidPart') return 'otherParts'
        throw thrown
      }
    })
  }

  #matching(upload: UploadedParts, stored: readonly Part[]): readonly Part[] {
    const byNumber = new Map(stored.map((part) => [part.number, part]))
    return upload.parts.map(({ number, bytes }) => {
      const part = byNumber.get(number)
      // The checksum of the whole is checked when the upload is completed.
      if (part?.bytes === bytes) return { number, bytes, etag: part.etag }
      throw this.#damaged(upload, `part ${number} of ${bytes} bytes is not there`)
    })
  }

  #damaged({ key, uploadId }: UploadedParts, what: string): TidemarkError {
    const { bucket, operatorId } = this.requests
    return brokenUpload(operatorId, 'COMMITTABLE_DAMAGED', `upload ${uploadId} of s3://${bucket}/${key}: ${what}`)
  }
}

function isSameContent(
  { ChecksumCRC32, ChecksumType, ETag }: HeadObjectCommandOutput,
  { parts, checksum }: { readonly parts: readonly Part[]; readonly checksum: number },
): boolean {
  if (ChecksumCRC32 !== undefined && ChecksumType !== 'COMPOSITE') return ChecksumCRC32 === crc32Header(checksum)
  return unquoted(ETag) === etagOfParts(parts)
}

function badAnswer(message: string): TidemarkError {
  return new TidemarkError({ code: 'S3_UNAVAILABLE', domain: 'connector', retryable: true, message })
}

function uploadGone(operatorId: string, name: string, uploadId: string): TidemarkError {
  return new TidemarkError({
    code: 'S3_UPLOAD_GONE',
    domain: 'connector',
    operatorId,
    retryable: true,
    message:
      `sink '${operatorId}': upload ${uploadId} of ${name} is gone while it was written: another process of the job has ` +
      'taken over, or a lifecycle rule aborts uploads too early; the rows since the last checkpoint come again',
  })
}

function brokenUpload(operatorId: string, code: string, message: string): TidemarkError {
  return new TidemarkError({ code, domain: 'storage', operatorId, message: `sink '${operatorId}': ${message}` })
}
