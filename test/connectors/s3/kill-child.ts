import { defineJob, millis } from 'tidemark'
import { jsonLines } from 'tidemark/file'
import { exponentialDelay, lineLogger, run } from 'tidemark/run'
import { s3Sink } from 'tidemark/s3'
import { Gate, pausedSource } from '../../golden/jobs/paused-source.js'

/** A job as a process of its own, that goes on from whatever an earlier one left. */
export interface ChildOptions {
  readonly rows: number
  /** Rows to read before the source pauses for good: then the job never ends. */
  readonly holdAt: number | undefined
  readonly parallelism: number
  readonly rollOnCheckpoint: boolean
  readonly s3: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
}

const FILLER = 'x'.repeat(3000)
const { s3, rows, holdAt, parallelism, rollOnCheckpoint } = JSON.parse(process.argv[2] ?? '') as ChildOptions
const { endpoint, region, credentials } = s3
const numbers = Array.from({ length: rows }, (_, n) => n)
const splits = [numbers.filter((n) => n % 3 === 0), numbers.filter((n) => n % 3 !== 0)]
const job = defineJob('archive', (builder) => {
  builder
    .from('numbers', pausedSource(splits, new Gate(holdAt), { batch: 25, pauseMs: 1 }))
    .map((n) => ({ n, side: n % 2, filler: FILLER }))
    .to(
      'archive',
      s3Sink({
        to: 's3://lake/archive',
        format: jsonLines(),
        prefix: 'side=!{partitionKeyFromQuery:side}',
        partitionKeys: { side: ({ side }) => side },
        rollOnCheckpoint,
        maxRows: 2500,
        partBytes: 5 * 1024 * 1024,
        ...{ endpoint, region, clientConfig: { credentials } },
      }),
    )
})
try {
  const handle = await run(job, {
    parallelism,
    logger: lineLogger({ write: (line) => void process.stderr.write(`${line}\n`) }),
    restart: exponentialDelay({ initial: millis(20), max: millis(200), attempts: 50 }),
    checkpoints: {
      to: 's3://state/job',
      resume: true,
      interval: millis(40),
      tolerableFailures: 5,
      s3: { endpoint, region, clientConfig: { credentials } },
    },
  })
  process.stdout.write(`${(await handle.result).status}\n`)
} catch (error) {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
}
