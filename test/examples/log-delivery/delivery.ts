import { S3Client } from '@aws-sdk/client-s3'
import { type LocalKinesis, type LocalS3, startLocalKinesis, startLocalS3 } from 'tidemark/testing'
import { onTestFinished } from 'vitest'
import type { StreamRecord } from '../../../examples/log-delivery/made-up.js'
import { isError } from '../../../examples/log-delivery/report.js'
import { readDelivery } from '../../../examples/log-delivery/results.js'
import { kinesisClient, produce } from '../../../examples/log-delivery/stream.js'
import { rowText } from './expected.js'

export const TO = 's3://logs/access'

export interface Servers {
  readonly kinesis: LocalKinesis
  readonly s3: LocalS3
  put(records: readonly StreamRecord[]): Promise<void>
}

export async function localServers(): Promise<Servers> {
  const kinesis = await startLocalKinesis()
  onTestFinished(() => kinesis.close())
  const s3 = await startLocalS3({ buckets: ['logs'] })
  onTestFinished(() => s3.close())
  return {
    kinesis,
    s3,
    async put(records) {
      const client = kinesisClient(kinesis.url)
      await produce(client, 'logs', records)
      client.destroy()
    },
  }
}

/** What lies in the bucket, in the terms of `ExpectedDelivery`. A row in another folder than its own does not fit. */
export async function deliveryIn({ endpoint, region, credentials }: LocalS3) {
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
  const objects = await readDelivery(client, TO)
  client.destroy()
  const delivered = objects.filter(({ key }) => !isError(key))
  const documents = (kind: string) =>
    objects.filter(({ key }) => key.startsWith(`access/errors/${kind}/`)).flatMap(({ rows }) => rows)
  return {
    keys: delivered.map(({ key }) => key),
    delivery: {
      delivered: delivered
        .flatMap(({ key, rows }) =>
          rows.map((row) => {
            const folder = key.slice('access/'.length, key.lastIndexOf('/') + 1)
            const text = rowText({ ...row, at: row['at'] instanceof Date ? row['at'].getTime() : row['at'] })
            return text.includes(`"${folder}"`) ? text : `${key}: ${text}`
          }),
        )
        .sort(),
      undecodable: documents('decoding-failed').map(rawText).sort(),
      unwritable: documents('processing-failed').length,
    },
  }
}

/** The line in an error document: in an envelope it is an event of CloudWatch Logs. */
function rawText(document: Readonly<Record<string, unknown>>): string {
  const raw = Buffer.from(String(document['rawData']), 'base64').toString('utf8')
  return raw.startsWith('{') ? String((JSON.parse(raw) as { message: unknown }).message) : raw
}
