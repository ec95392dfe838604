import { CreateStreamCommand, DeleteStreamCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { defineJob } from 'tidemark'
import { generator } from 'tidemark/collection'
import { jsonBytes, type KinesisSinkOptions, kinesisSink } from 'tidemark/kinesis'
import { run } from 'tidemark/run'
import { type Server, startServer } from '../kinesis/stream.js'
import { type Measured, measure, median, speedRatio } from '../measure.js'
import { fixed, heading, ratioText, table, thousands } from '../table.js'

const STREAM = 'bench-sink'
const SHARDS = 4
const RECORDS_PER_CALL = 500
const PARALLEL_CALLS = 8
/** Of the bare loop's speed, what the sink is to reach. */
const WANTED = 0.8

interface Ride {
  readonly id: number
  readonly cell: string
  readonly note: string
}

const NOTE = 'x'.repeat(140)
const rideOf = (id: number): Ride => ({ id, cell: `cell-${id % 5000}`, note: NOTE })

/** Rows a second through the sink into a local Kinesis, beside PutRecords in a bare loop. */
export async function benchKinesisSink({ rows, rounds }: { readonly rows: number; readonly rounds: number }) {
  heading(
    `kinesis-sink: ${thousands(rows)} rows of ${JSON.stringify(rideOf(100_000)).length} bytes into a local Kinesis in a process ` +
      `of its own, ${SHARDS} shards, ${rounds} rounds in turn`,
  )
  const server = await startServer()
  try {
    const contenders = [
      { name: 'bare loop', run: () => intoFresh(server, () => bareLoop(server, rows)) },
      { name: 'sink', run: () => intoFresh(server, () => throughSink(server, rows, {})) },
      {
        name: 'sink, in order for each key',
        run: () => intoFresh(server, () => throughSink(server, rows, { ordering: 'perKey' })),
      },
      {
        name: 'sink, aggregated',
        run: () => intoFresh(server, () => throughSink(server, rows, { aggregate: { groups: 32 } })),
      },
    ]
    const measured = await measure(contenders, { warmUps: 1, rounds })
    const [bare, sink] = measured as [Measured<void>, Measured<void>]
    const lines = measured.map((one) => [
      one.name,
      thousands(rows / (median(one.times) / 1000)),
      ratioText(speedRatio(one.times, bare.times)),
      fixed(median(one.cpuTimes) / median(bare.cpuTimes), 2),
    ])
    console.log(table(['', 'rows/s', 'of the bare loop', 'CPU of the bare loop'], lines))
    console.log(
      [
        '',
        `  Wanted: ${WANTED} of the bare loop, for the plain sink. The loop has ${PARALLEL_CALLS} calls of ${RECORDS_PER_CALL} records under way, and never`,
        '  looks at the answers. The sink runs in a job: its start, its source, batches, and the flush at the end are in its time.',
        '  Not measured: AWS, whose limits are far below (1000 records/s a shard), TLS, checkpoints, throttling.',
      ].join('\n'),
    )
    return speedRatio(sink.times, bare.times).median >= WANTED
  } finally {
    server.close()
  }
}

/** The server keeps everything in memory. */
async function intoFresh({ client }: Server, write: () => Promise<void>): Promise<void> {
  await client.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: SHARDS }))
  try {
    await write()
  } finally {
    await client.send(new DeleteStreamCommand({ StreamName: STREAM }))
  }
}

async function bareLoop({ client }: Server, rows: number): Promise<void> {
  const encode = jsonBytes()
  let next = 0
  const put = async (): Promise<void> => {
    while (next < rows) {
      const Records = Array.from({ length: Math.min(RECORDS_PER_CALL, rows - next) }, () => {
        const ride = rideOf(next++)
        return { Data: Buffer.from(encode(ride)), PartitionKey: ride.cell }
      })
      await client.send(new PutRecordsCommand({ StreamName: STREAM, Records }))
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_CALLS }, put))
}

async function throughSink({ url }: Server, rows: number, options: Partial<KinesisSinkOptions<Ride>>): Promise<void> {
  const sink = kinesisSink<Ride>({
    stream: STREAM,
    endpoint: url,
    partitionKey: (ride) => ride.cell,
    encode: jsonBytes(),
    parallelCalls: PARALLEL_CALLS,
    ...options,
  } as KinesisSinkOptions<Ride>) // A spread of partial options loses which of the alternatives it is.
  const job = defineJob('bench', (job) => {
    job.from('rides', generator({ count: rows, splits: 1, make: rideOf })).to('rides-out', sink)
  })
  await (await run(job)).result
}
