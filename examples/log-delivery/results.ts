import { gunzipSync } from 'node:zlib'
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { parquetReadObjects } from 'hyparquet'

export interface DeliveredObject {
  readonly key: string
  readonly bytes: number
  /** Of an object below `errors/`: documents. */
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/** All objects of a delivery, read back. Names that begin with an underscore are none of them. */
export async function readDelivery(client: S3Client, location: string): Promise<DeliveredObject[]> {
  const [bucket = '', ...folder] = location.replace(/^s3:\/\//, '').split('/')
  const objects: DeliveredObject[] = []
  for (const key of await keysBelow(client, bucket, folder.filter((part) => part !== '').join('/'))) {
    if (key.split('/').some((part) => part.startsWith('_'))) continue
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
    objects.push({ key, bytes: bytes.byteLength, rows: await rowsOf(key, bytes) })
  }
  return objects
}

async function keysBelow(client: S3Client, bucket: string, folder: string): Promise<string[]> {
  const keys: string[] = []
  let next: string | undefined
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: folder === '' ? '' : `${folder}/`,
        ...(next === undefined ? {} : { ContinuationToken: next }),
      }),
    )
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key)
    next = page.NextContinuationToken
  } while (next !== undefined)
  return keys
}

async function rowsOf(key: string, bytes: Uint8Array): Promise<DeliveredObject['rows']> {
  if (key.endsWith('.parquet')) {
    const { buffer, byteOffset, byteLength } = bytes
    return parquetReadObjects({ file: buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer })
  }
  const text = Buffer.from(key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
