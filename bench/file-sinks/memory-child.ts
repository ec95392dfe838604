import { randomBytes } from 'node:crypto'
import { defineJob, type Sink, type SinkWriter } from 'tidemark'
import { generator } from 'tidemark/collection'
import { jsonLines } from 'tidemark/file'
import { parquetFormat } from 'tidemark/parquet'
import { run } from 'tidemark/run'
import { s3Sink } from 'tidemark/s3'
import { collectGarbage } from '../measure.js'
import type { MemoryCase, MemoryOutcome } from './memory.js'

interface Row {
  readonly n: number
  readonly text: string
}

const { format, folders, bufferBytes, rows, s3 } = JSON.parse(process.argv[2] ?? '') as MemoryCase
const EVERY_ROWS = 4000
const WARM_UP_ROWS = 3000
/** Hardly compressed: what is held is what the rows have. */
const NOISE = Buffer.from(randomBytes(750_000).toString('base64'))

/** Its text is its own, not a view of the noise. */
function makeRow(n: number): Row {
  const from = (n * 7919) % (NOISE.length - 1000)
  return { n, text: NOISE.toString('latin1', from, from + 1000) }
}

function sinkTo(folder: string): Sink<Row> {
  return s3Sink<Row>({
    to: `s3://bench/${folder}`,
    format: format === 'lines' ? jsonLines() : parquetFormat({ schema: { n: 'int64', text: 'string' } }),
    prefix: 'folder=!{partitionKeyFromQuery:folder}',
    partitionKeys: { folder: ({ n }) => n % folders },
    bufferBytes,
    endpoint: s3.endpoint,
    region: s3.region,
    clientConfig: { credentials: s3.credentials },
  })
}

function used(): number {
  collectGarbage()
  // Memory beside the heap is given back while the program goes on: a second collection waits for that.
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** The sink, with a look at the memory each time that so many rows were written. */
function watch(sink: Sink<Row>, look: (held: number) => void): Sink<Row> {
  const write = async (context: Parameters<Sink<Row>['write']>[0]): Promise<SinkWriter<Row>> => {
    const { metrics } = context
    let held: () => number | undefined = () => 0
    const writer = await sink.write({
      ...context,
      metrics: {
        counter: (name, labels) => metrics.counter(name, labels),
        histogram: (name) => metrics.histogram(name),
        gauge(name, value, labels) {
          if (name === 'bufferedBytes') held = value
          metrics.gauge(name, value, labels)
        },
      },
    })
    let [written, looked] = [0, 0]
    return {
      write(batch, from) {
        const next = writer.write(batch, from)
        written += next - from
        if (written - looked >= EVERY_ROWS) {
          looked = written
          look(held() ?? 0)
        }
        return next
      },
      check: () => writer.check?.(),
      onWatermark: (watermark) => writer.onWatermark?.(watermark),
      prepareCommit: (id) => writer.prepareCommit(id),
      snapshot: () => writer.snapshot?.() ?? [],
      close: () => writer.close(),
    }
  }
  return { ...sink, write }
}

const ignore = (): void => undefined
const QUIET = { debug: ignore, info: ignore, warn: ignore, error: ignore }

/** Without checkpoints: what ends files is that memory is full. */
async function runJob(sink: Sink<Row>, count: number): Promise<void> {
  const job = defineJob('memory', (builder) => {
    builder.from('rows', generator({ make: makeRow, count, splits: 1 })).to('out', sink)
  })
  const handle = await run(job, { parallelism: 1, logger: QUIET })
  await handle.result
}

// What is loaded and compiled is not of the rows.
await runJob(sinkTo('warm-up'), WARM_UP_ROWS)
const idle = used()
const outcome = { most: 0, held: 0 }
const look = (held: number): void => {
  outcome.most = Math.max(outcome.most, used() - idle)
  outcome.held = Math.max(outcome.held, held)
}
await runJob(watch(sinkTo('rows'), look), rows)
process.stdout.write(JSON.stringify(outcome satisfies MemoryOutcome))
