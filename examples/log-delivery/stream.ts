import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  PutRecordsCommand,
  ResourceInUseException,
} from '@aws-sdk/client-kinesis'
import { TidemarkError } from 'tidemark'
import type { StreamRecord } from './made-up.js'

const RECORDS_A_CALL = 100
const PATIENCE = 60

/** A local server takes any credentials; AWS those of the machine. */
export function kinesisClient(endpoint: string | undefined): KinesisClient {
  if (endpoint === undefined) return new KinesisClient({})
  return new KinesisClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
}

/** Makes the stream where it is missing, and puts records into it. */
export async function produce(client: KinesisClient, stream: string, records: readonly StreamRecord[]): Promise<void> {
  try {
    await client.send(new CreateStreamCommand({ StreamName: stream, ShardCount: 2 }))
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error
  }
  await untilActive(client, stream)
  for (let from = 0; from < records.length; from += RECORDS_A_CALL) {
    await put(client, stream, records.slice(from, from + RECORDS_A_CALL))
  }
}

async function put(client: KinesisClient, stream: string, records: readonly StreamRecord[]): Promise<void> {
  let left = records
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt === PATIENCE) throw failed(`stream '${stream}' goes on refusing records`)
    if (attempt > 0) await pause()
    const { Records = [] } = await client.send(
      new PutRecordsCommand({
        StreamName: stream,
        Records: left.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey })),
      }),
    )
    // Each record is answered for on its own.
    left = left.filter((_, index) => Records[index]?.ErrorCode !== undefined)
  }
}

async function untilActive(client: KinesisClient, stream: string): Promise<void> {
  for (let attempt = 0; attempt < PATIENCE; attempt++) {
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: stream }))
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return
    await pause()
  }
  throw failed(`stream '${stream}' does not become active`)
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000))

function failed(message: string): TidemarkError {
  return new TidemarkError({ code: 'LOGS_STREAM', domain: 'user', message })
}
