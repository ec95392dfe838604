import { defineJob, type Sink, type SinkWriter } from 'tidemark'
import { generator } from 'tidemark/collection'
import { jsonLines } from 'tidemark/file'
import { run } from 'tidemark/run'
import { s3Sink } from 'tidemark/s3'
import { startLocalS3 } from 'tidemark/testing'

export interface MemoryCase {
  readonly folders: number
  readonly bufferBytes: number
  readonly rows: number
}

interface Row {
  readonly n: number
  readonly text: string
}

/** The most that the sink says it holds, looked at with every batch. */
export async function heldMemory({ folders, bufferBytes, rows }: MemoryCase) {
  const s3 = await startLocalS3({ buckets: ['bench'] })
  const sink = s3Sink<Row>({
    to: 's3://bench/rows',
    format: jsonLines(),
    prefix: 'folder=!{partitionKeyFromQuery:folder}',
    partitionKeys: { folder: ({ n }) => n % folders },
    bufferBytes,
    endpoint: s3.endpoint,
    region: s3.region,
    clientConfig: { credentials: s3.credentials },
  })
  const watched = watch(sink)
  const text = 'x'.repeat(1000)
  const job = defineJob('memory', (builder) => {
    builder.from('rows', generator({ make: (n): Row => ({ n, text }), count: rows, splits: 1 })).to('out', watched.sink)
  })
  try {
    await (await run(job, { parallelism: 1, logger: QUIET })).result
  } finally {
    await s3.close()
  }
  return { held: watched.most(), allowed: bufferBytes }
}

const ignore = (): void => undefined
const QUIET = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function watch<T>(sink: Sink<T>): { readonly sink: Sink<T>; most(): number } {
  let most = 0
  let read: () => number | undefined = () => 0
  const write = async (context: Parameters<Sink<T>['write']>[0]): Promise<SinkWriter<T>> => {
    const { metrics } = context
    const writer = await sink.write({
      ...context,
      metrics: {
        counter: (name, labels) => metrics.counter(name, labels),
        histogram: (name) => metrics.histogram(name),
        gauge(name, value, labels) {
          if (name === 'bufferedBytes') read = value
          metrics.gauge(name, value, labels)
        },
      },
    })
    return {
      write(batch, from) {
        const next = writer.write(batch, from)
        most = Math.max(most, read() ?? 0)
        return next
      },
      onWatermark: (watermark) => writer.onWatermark?.(watermark),
      prepareCommit: (id) => writer.prepareCommit(id),
      snapshot: () => writer.snapshot?.() ?? [],
      close: () => writer.close(),
    }
  }
  return { sink: { ...sink, write }, most: () => most }
}
