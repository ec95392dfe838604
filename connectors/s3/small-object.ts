import { crc32 } from 'node:zlib'
import { failureKind } from '../../core/s3-failure.js'
import { isAbsent } from './failure.js'
import type { S3Requests } from './requests.js'
import { crc32Header } from './upload.js'

export interface SmallObject {
  readonly key: string
  readonly body: Uint8Array
  readonly contentType?: string
  /** One that is there stays. */
  readonly onlyIfAbsent?: boolean
}

/** Not rows, but what is written beside them: encrypted as they are, and with a checksum that S3 keeps. */
export async function putObject(requests: S3Requests, object: SmallObject): Promise<void> {
  const { sdk, client, bucket, encryption } = requests
  const { key, body, contentType, onlyIfAbsent = false } = object
  await requests.run({ operation: 'PutObject', key, bytes: body.length }, async (abortSignal) => {
    const command = new sdk.PutObjectCommand({
      ...{ Bucket: bucket, Key: key, Body: body, ChecksumCRC32: crc32Header(crc32(body)) },
      ...(contentType !== undefined && { ContentType: contentType }),
      ...(onlyIfAbsent && { IfNoneMatch: '*' }),
      ...encryption,
    })
    try {
      await client.send(command, { abortSignal })
    } catch (thrown) {
      if (!onlyIfAbsent || failureKind(thrown) !== 'precondition') throw thrown
    }
  })
}

/**
 * Undefined: there is none. What does not fit its checksum, where the server gives that back, is read again: uploads are
 * aborted by what a ledger says.
 */
export async function readObject(requests: S3Requests, key: string): Promise<string | undefined> {
  const { sdk, client, bucket } = requests
  return requests.run({ operation: 'GetObject', key }, async (abortSignal) => {
    try {
      const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' })
      const { Body } = await client.send(command, { abortSignal })
      return (await Body?.transformToString()) ?? ''
    } catch (thrown) {
      if (isAbsent(thrown)) return undefined
      throw thrown
    }
  })
}
