import { type Measured, measure, median, speedRatio } from '../measure.js'
import { fixed, heading, ratioText, table, thousands } from '../table.js'
import { bareGetRecords, bareSubscribeToShard, throughSource } from './readers.js'
import { fillStream, type Server, startServer } from './stream.js'

const SHARDS = [1, 4, 16]
const BYTES = 200
/** Of the bare loop's speed, what the source is to reach. */
const WANTED = 0.8

/** Records a second from a local Kinesis through the source, beside the SDK's client in a bare loop. */
export async function benchKinesis({ records, rounds }: { readonly records: number; readonly rounds: number }) {
  heading(
    `kinesis: ${thousands(records)} records of ${BYTES} bytes from a local Kinesis in a process of its own, ${rounds} rounds in turn`,
  )
  const server = await startServer()
  try {
    const rows: string[][] = []
    let isMet = true
    for (const shards of SHARDS) {
      for (const fanOut of [false, true]) {
        const { row, ratio, isWhole } = await compare(server, { shards, records, rounds, fanOut })
        rows.push(row)
        isMet &&= isWhole && ratio >= WANTED
      }
    }
    console.log(table(['', 'records/s', 'bare loop', 'of the bare loop', 'CPU of the bare loop', ''], rows))
    console.log(
      [
        '',
        `  Wanted: ${WANTED} of the bare loop. It waits for each answer before it asks again, and decodes nothing.`,
        '  The source runs as a job: its start, its end at the tip, decoding, batches and a sink that counts are in its time.',
        '  Not measured: AWS, whose limits are far below (2 MB/s a shard), TLS, checkpoints.',
      ].join('\n'),
    )
    return isMet
  } finally {
    server.close()
  }
}

interface Case {
  readonly shards: number
  readonly records: number
  readonly rounds: number
  readonly fanOut: boolean
}

const STREAMS = new Map<number, ReturnType<typeof fillStream>>()

async function compare(server: Server, { shards, records, rounds, fanOut }: Case) {
  const filled = STREAMS.get(shards) ?? fillStream(server, { shards, records, bytes: BYTES })
  STREAMS.set(shards, filled)
  const stream = await filled
  const bareLoop = fanOut ? bareSubscribeToShard : bareGetRecords
  const contenders = [
    { name: 'bare', run: () => bareLoop(server, stream) },
    { name: 'source', run: () => throughSource(server, stream, { fanOut }) },
  ]
  const [bare, source] = (await measure(contenders, { warmUps: 1, rounds })) as [Measured<number>, Measured<number>]
  const ratio = speedRatio(source.times, bare.times)
  const isWhole = bare.result === stream.records && source.result === stream.records
  const perSecond = ({ times }: Measured<number>): string => thousands(stream.records / (median(times) / 1000))
  const row = [
    `${fanOut ? 'fan-out' : 'polling'}, ${shards} ${shards === 1 ? 'shard' : 'shards'}`,
    perSecond(source),
    perSecond(bare),
    ratioText(ratio),
    fixed(median(source.cpuTimes) / median(bare.cpuTimes), 2),
    isWhole ? '' : `WRONG: ${source.result} and ${bare.result} of ${stream.records} records`,
  ]
  return { row, ratio: ratio.median, isWhole }
}
