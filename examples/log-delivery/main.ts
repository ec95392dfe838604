import { S3Client } from '@aws-sdk/client-s3'
import { run } from 'tidemark/run'
import { type LocalKinesis, type LocalS3, startLocalKinesis, startLocalS3 } from 'tidemark/testing'
import { checkpointsFor } from '../shared/checkpoints.js'
import { command, print } from '../shared/command.js'
import { follow } from '../shared/follow.js'
import { delivered, logEvents, undecodable } from './connectors.js'
import { logDeliveryJob } from './job.js'
import { madeUpLines, recordsOf } from './made-up.js'
import { type LogDeliveryCommand, parseOptions } from './options.js'
import { report } from './report.js'
import { readDelivery } from './results.js'
import { kinesisClient, produce } from './stream.js'

await command(async () => {
  const options = parseOptions(process.argv.slice(2))
  const kinesis = options.kinesis === undefined ? await startLocalKinesis() : undefined
  const s3 = options.s3 === undefined ? await startLocalS3({ buckets: ['logs'] }) : undefined
  try {
    await deliver(options, { kinesis, s3 })
  } finally {
    await kinesis?.close()
    await s3?.close()
  }
})

interface LocalServers {
  readonly kinesis: LocalKinesis | undefined
  readonly s3: LocalS3 | undefined
}

async function deliver(options: LogDeliveryCommand, { kinesis, s3 }: LocalServers): Promise<void> {
  const { stream, input, format, parallelism, checkpoints, checkpointInterval: interval } = options
  const kinesisUrl = kinesis?.url ?? (options.kinesis === 'aws' ? undefined : options.kinesis)
  const to = options.s3 ?? 's3://logs/access'
  const bucket = { to, endpoint: s3?.endpoint ?? options.s3Endpoint, credentials: s3?.credentials, format }
  if (options.produce) await makeUp(options, kinesisUrl)
  const job = logDeliveryJob({
    events: logEvents({ stream, endpoint: kinesisUrl, input, endAtTip: !options.follow }),
    delivered: delivered(bucket),
    undecodable: undecodable(bucket),
  })
  const handle = await run(job, { parallelism, ...(await checkpointsFor({ checkpoints, interval, folders: [] })) })
  const { status } = await follow(handle, print)
  if (status !== 'finished') {
    print(`${status}${checkpoints === undefined ? '' : ': the same command goes on'}`)
    return
  }
  const client = new S3Client({
    ...(bucket.endpoint === undefined ? {} : { endpoint: bucket.endpoint, forcePathStyle: true, region: 'us-east-1' }),
    ...(bucket.credentials === undefined ? {} : { credentials: bucket.credentials }),
  })
  try {
    for (const line of report(await readDelivery(client, to), to)) print(line)
  } finally {
    client.destroy()
  }
}

async function makeUp({ lines, seed, stream, input }: LogDeliveryCommand, endpoint: string | undefined): Promise<void> {
  const client = kinesisClient(endpoint)
  const records = recordsOf(madeUpLines({ lines, seed }), input)
  print(`${lines.toLocaleString('en-US')} made-up lines in ${records.length} records of stream '${stream}'`)
  try {
    await produce(client, stream, records)
  } finally {
    client.destroy()
  }
}
