import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import type { Environment } from '../../../core/environment.js'
import { requireObjectName, requireRange } from '../object-name.js'
import type { ObjectStore, StoredObject } from '../object-store.js'
import { readBody } from './body.js'
import type { S3Connection } from './client.js'
import { type ConditionalPutInput, conditionalPut } from './conditional-put.js'
import { deleteBatches } from './delete-batches.js'
import { type FailureContext, failureKind, type S3Operation } from './failure.js'
import { limitsOf, type S3StoreOptions } from './options.js'
import { badReply, Requests } from './requests.js'

export interface S3Place {
  readonly bucket: string
  /** Without slashes at its ends; empty: the whole bucket. */
  readonly prefix: string
}

/**
 * Objects in a bucket, below a prefix.
 *
 * 1. Only `NoSuchKey` means that there is no object: neither 403 nor any other 404 does.
 * 2. An attempt that was not answered well is repeated; a write that then meets its own object has succeeded.
 * 3. An object is read whole, as its length and checksum say, or not at all.
 */
export function s3Store(
  place: S3Place,
  connection: S3Connection,
  options: { readonly environment: Environment; readonly s3: S3StoreOptions },
): ObjectStore {
  const { bucket, prefix } = place
  const { sdk, client, endpoint } = connection
  const location = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`
  const keyPrefix = prefix === '' ? '' : `${prefix}/`
  const limits = limitsOf(options.s3)
  const requests = new Requests(options.environment, limits, location)
  const encryption = encryptionOf(options.s3)

  const context = (operation: S3Operation, name: string): FailureContext => ({
    operation,
    name,
    bucket,
    location,
    endpoint,
  })
  const keyOf = (name: string): string => {
    requireObjectName(name, location)
    return keyPrefix + name
  }

  const read = async (name: string, range?: string): Promise<Uint8Array | undefined> => {
    const Key = keyOf(name)
    const isPart = range !== undefined
    return await requests.run(context('GetObject', name), async (attempt) => {
      const command = new sdk.GetObjectCommand({
        Bucket: bucket,
        Key,
        ...(isPart ? { Range: range } : { ChecksumMode: 'ENABLED' }),
      })
      try {
        return await readBody(await client.send(command, { abortSignal: attempt.signal }), attempt, { isPart })
      } catch (thrown) {
        const kind = failureKind(thrown)
        if (kind === 'absent') return undefined
        if (kind === 'range') return new Uint8Array()
        throw thrown
      }
    })
  }

  const put = (
    name: string,
    data: Uint8Array,
    condition: { readonly IfNoneMatch: '*' } | { readonly IfMatch: string },
  ): Promise<'written' | 'refused'> => {
    const input: ConditionalPutInput = {
      Bucket: bucket,
      Key: keyOf(name),
      Body: data,
      ContentLength: data.length,
      ContentType: 'application/octet-stream',
      ...condition,
      ...encryption,
    }
    return conditionalPut(input, { connection, requests, context: context('PutObject', name), read: () => read(name) })
  }

  const listObjects = async (namePrefix: string): Promise<readonly StoredObject[]> => {
    const objects: StoredObject[] = []
    let token: string | undefined
    do {
      const page = await requests.run(context('ListObjectsV2', namePrefix), async (attempt) => {
        const command = new sdk.ListObjectsV2Command({
          Bucket: bucket,
          Prefix: keyPrefix + namePrefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        })
        const reply = await client.send(command, { abortSignal: attempt.signal })
        // Some other page with status 200 must not pass for an empty bucket: the job would start afresh.
        if (reply.KeyCount === undefined && reply.IsTruncated === undefined) throw badReply('the reply is no listing')
        if (reply.IsTruncated && !reply.NextContinuationToken) throw badReply('the listing has no token to go on with')
        return reply
      })
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        // A key with a slash at its end is a folder that a console made.
        if (Key === undefined || !Key.startsWith(keyPrefix) || Key.endsWith('/')) continue
        objects.push({
          name: Key.slice(keyPrefix.length),
          bytes: Size ?? 0,
          // Without a time it counts as new: what is new is never collected.
          modifiedAt: LastModified?.getTime() ?? options.environment.clock.now(),
        })
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
    return objects.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  const remove = async (name: string): Promise<void> => {
    const Key = keyOf(name)
    await requests.run(context('DeleteObject', name), async (attempt) => {
      try {
        await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key }), { abortSignal: attempt.signal })
      } catch (thrown) {
        // Some servers say so, S3 does not.
        if (failureKind(thrown) !== 'absent') throw thrown
      }
    })
  }

  return {
    location,
    create: async (name, data) => ((await put(name, data, { IfNoneMatch: '*' })) === 'written' ? 'created' : 'exists'),
    replace: async (name, data, etag) =>
      (await put(name, data, { IfMatch: etag })) === 'written' ? 'replaced' : 'refused',
    read: (name) => read(name),
    readRange: async (name, start, end) => {
      requireRange(name, start, end)
      return await read(name, `bytes=${start}-${end - 1}`)
    },
    listObjects,
    list: async (namePrefix) => (await listObjects(namePrefix)).map(({ name }) => name),
    delete: remove,
    deleteMany: deleteBatches({ bucket, location, connection, requests, keyOf, context, remove, limits }),
    close: async () => {
      if (requests.isClosed) return
      requests.close()
      connection.release()
    },
  }
}

function encryptionOf({
  encryption,
}: S3StoreOptions): Pick<PutObjectCommandInput, 'ServerSideEncryption' | 'SSEKMSKeyId' | 'BucketKeyEnabled'> {
  if (encryption === undefined) return {}
  if (encryption.kind === 'SSE-S3') return { ServerSideEncryption: 'AES256' }
  const { keyId, bucketKey } = encryption
  return {
    ServerSideEncryption: 'aws:kms',
    ...(keyId === undefined ? {} : { SSEKMSKeyId: keyId }),
    ...(bucketKey === undefined ? {} : { BucketKeyEnabled: bucketKey }),
  }
}
