import { defineJob, millis, type Sink, TidemarkError } from 'tidemark'
import { csv, jsonLines } from 'tidemark/file'
import { parquetFormat } from 'tidemark/parquet'
import { exponentialDelay, lineLogger, run, type SavepointStart } from 'tidemark/run'
import { s3Sink } from 'tidemark/s3'
import { Gate, pausedSource } from '../../golden/jobs/paused-source.js'
import { type NumberedRow, rowOf } from './kill-rows.js'

/** A job as a process of its own, that goes on from whatever an earlier one left. Its standard output says how far it is. */
export interface ChildOptions {
  readonly rows: number
  /** Rows to read before the source pauses for good: then the job never ends. */
  readonly holdAt: number | undefined
  /** Between two batches of a split. Default 1. */
  readonly pauseMs?: number
  readonly parallelism: number
  readonly rollOnCheckpoint: boolean
  /** Where the output goes, `s3://bucket/folder`. */
  readonly to: string
  readonly format: 'lines' | 'gzip' | 'zstd' | 'csv' | 'parquet'
  readonly checkpoints: string
  /** Of one attempt of a request, the sink's and the checkpoints'. Default: theirs. */
  readonly callTimeoutMs?: number
  readonly from?: SavepointStart
  /** Where a savepoint goes when the source pauses. */
  readonly savepointTo?: string
  readonly s3: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
}

const options = JSON.parse(process.argv[2] ?? '') as ChildOptions
const { rows, parallelism, savepointTo, callTimeoutMs } = options
const { endpoint, region, credentials } = options.s3
const s3 = { endpoint, region, clientConfig: { credentials } }
let paused = (): void => {}
const atPause = new Promise<void>((done) => {
  paused = done
})

const say = (line: string): void => void process.stdout.write(`${line}\n`)
let said = 0
/** Before the row can be in a checkpoint. */
function sayHowFar(n: number): void {
  if (n < said) return
  said = n + 100
  say(`below ${said}`)
}

function sinkOf({ to, format, rollOnCheckpoint }: ChildOptions): Sink<NumberedRow> {
  return s3Sink<NumberedRow>({
    to,
    prefix: 'side=!{partitionKeyFromQuery:side}',
    partitionKeys: { side: ({ side }) => side },
    rollOnCheckpoint,
    maxRows: 2500,
    partBytes: 5 * 1024 * 1024,
    format: formatOf(format),
    ...(format === 'gzip' || format === 'zstd' ? { compression: format } : {}),
    ...(callTimeoutMs === undefined ? {} : { callTimeoutMs }),
    ...s3,
  })
}

function formatOf(format: ChildOptions['format']) {
  if (format === 'csv') return csv()
  if (format !== 'parquet') return jsonLines()
  return parquetFormat({ schema: { n: 'int64', side: 'int32', filler: 'string' }, rowGroupSize: 200 })
}

const numbers = Array.from({ length: rows }, (_, n) => n)
const splits = [numbers.filter((n) => n % 3 === 0), numbers.filter((n) => n % 3 !== 0)]
const gate = new Gate(options.holdAt, () => paused())
const job = defineJob('archive', (builder) => {
  builder
    .from('numbers', pausedSource(splits, gate, { batch: 25, pauseMs: options.pauseMs ?? 1 }))
    .map((n) => {
      sayHowFar(n)
      return rowOf(n)
    })
    .to('archive', sinkOf(options))
})
try {
  const handle = await run(job, {
    parallelism,
    logger: lineLogger({ write: (line) => void process.stderr.write(`${line}\n`) }),
    restart: exponentialDelay({ initial: millis(20), max: millis(200), attempts: 50 }),
    ...(options.from === undefined ? {} : { from: options.from }),
    checkpoints: {
      ...{ to: options.checkpoints, resume: true, interval: millis(40), tolerableFailures: 5 },
      s3: { ...s3, ...(callTimeoutMs === undefined ? {} : { timeout: millis(callTimeoutMs) }) },
    },
  })
  say('running')
  if (savepointTo !== undefined) {
    await atPause
    await handle.savepoint({ to: savepointTo })
    say('savepoint')
  }
  say((await handle.result).status)
} catch (error) {
  process.stderr.write(`${error instanceof TidemarkError ? error.code : ''} ${String(error)}\n`)
  process.exitCode = 1
}
