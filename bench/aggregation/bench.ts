import { Aggregator, deaggregate, type HashRange } from 'tidemark/kinesis'
import { measure, median, speedRatio } from '../measure.js'
import { heading, ratioText, table, thousands } from '../table.js'
import { awsAggregation } from './aws.js'

const WANTED_RATIO = 3
/** What the KPL packs into one record by default. */
const MAX_BYTES = 51_200
/** Of one of two shards: what the filter by hash range costs, which the library does not have. */
const LOWER_HALF: HashRange = { start: '0', end: String(2n ** 127n - 1n) }

interface Case {
  readonly name: string
  readonly dataBytes: number
  readonly keys: number
}

const CASES: readonly Case[] = [
  { name: '100 bytes, 100 keys', dataBytes: 100, keys: 100 },
  { name: '250 bytes, 100 keys', dataBytes: 250, keys: 100 },
  { name: '100 bytes, each its own key', dataBytes: 100, keys: Number.POSITIVE_INFINITY },
]

interface AggregationBenchOptions {
  readonly records: number
  readonly rounds: number
}

/**
 * Taking aggregated records apart, from what the SDK gives to the bytes, partition key and order of each user record:
 * by this source's decoder, without and with the filter by hash range, and by AWS's library, both with checksums.
 */
export async function benchAggregation({ records, rounds }: AggregationBenchOptions): Promise<boolean> {
  heading(`aggregated records: ${thousands(records)} user records, ${rounds} rounds in turn`)
  const rows: string[][] = []
  const together = { aws: new Array<number>(rounds).fill(0), tidemark: new Array<number>(rounds).fill(0) }
  for (const { name, dataBytes, keys } of CASES) {
    const packed = pack(records, { name, dataBytes, keys })
    const [aws, plain, filtered] = await measure(
      [
        { name: 'aws-kinesis-agg', run: () => packed.reduce((sum, data) => sum + byAws(data), 0) },
        { name: 'tidemark', run: () => packed.reduce((sum, data) => sum + byTidemark(data), 0) },
        { name: 'filtered', run: () => packed.reduce((sum, data) => sum + byTidemark(data, LOWER_HALF), 0) },
      ],
      { warmUps: 2, rounds },
    )
    if (!aws || !plain || !filtered || aws.result !== plain.result) throw new RangeError('the decoders differ')
    const ratioOfCase = speedRatio(plain.cpuTimes, aws.cpuTimes)
    aws.cpuTimes.forEach((time, round) => {
      together.aws[round] = (together.aws[round] ?? 0) + time
    })
    plain.cpuTimes.forEach((time, round) => {
      together.tidemark[round] = (together.tidemark[round] ?? 0) + time
    })
    const rate = (times: readonly number[]): string => thousands((records / median(times)) * 1000)
    rows.push([
      name,
      rate(aws.cpuTimes),
      rate(plain.cpuTimes),
      ratioText(ratioOfCase),
      rate(filtered.cpuTimes),
      ratioText(speedRatio(filtered.cpuTimes, aws.cpuTimes)),
    ])
  }
  console.log(
    table(
      ['user records a second of processor time', 'aws-kinesis-agg', 'tidemark', 'ratio', 'with the range', 'ratio'],
      rows,
    ),
  )
  const ratio = speedRatio(together.tidemark, together.aws)
  console.log(`\n  All three together: ${ratioText(ratio)}. At least ${WANTED_RATIO} is wanted.`)
  console.log(
    '  Checksums are a third to a half of our time, and the same for both; the filter the library does not have.',
  )
  return ratio.median >= WANTED_RATIO
}

function pack(records: number, { dataBytes, keys }: Case): Uint8Array[] {
  const aggregator = new Aggregator({ maxBytes: MAX_BYTES })
  const packed: Uint8Array[] = []
  for (let index = 0; index < records; index++) {
    const record = { partitionKey: `key-${index % keys}`, data: new Uint8Array(dataBytes).fill(index) }
    if (aggregator.add(record)) continue
    packed.push(aggregator.take()?.data ?? new Uint8Array())
    aggregator.add(record)
  }
  const rest = aggregator.take()
  return rest ? [...packed, rest.data] : packed
}

/** Something of every record, so that none of them is made for nothing. */
function byTidemark(data: Uint8Array, range?: HashRange): number {
  let sum = 0
  for (const { partitionKey, data: user } of deaggregate(data, range) ?? []) sum += partitionKey.length + user.length
  return sum
}

function byAws(data: Uint8Array): number {
  let sum = 0
  const record = { Data: data, PartitionKey: 'key', SequenceNumber: '1' }
  awsAggregation.deaggregateSync(record, true, (error, users) => {
    if (error) throw error
    for (const { PartitionKey, Data } of users) sum += PartitionKey.length + Buffer.from(Data, 'base64').length
  })
  return sum
}
