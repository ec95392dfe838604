import { millis } from 'tidemark'
import { exponentialDelay, lineLogger } from 'tidemark/run'
import { makeInput } from './events.js'
import { goldenRun } from './golden-run.js'

/** The golden job as a process of its own, that goes on from whatever an earlier one left. */
export interface ChildOptions {
  readonly out: string
  readonly to: string
  readonly seed: number
  readonly payments: number
  readonly splits: number
  readonly pauseMs: number
  readonly parallelism: number
  readonly state: 'heap' | 'disk'
  readonly s3: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
}

const options = JSON.parse(process.argv[2] ?? '') as ChildOptions
const { s3, out, to, seed, payments, splits, pauseMs, parallelism, state } = options
try {
  const { status } = await goldenRun({
    out,
    input: makeInput(seed, { payments, splits }),
    pauseMs,
    options: {
      parallelism,
      state,
      logger: lineLogger({ write: (line) => void process.stderr.write(`${line}\n`) }),
      restart: exponentialDelay({ initial: millis(20), max: millis(200), attempts: 20 }),
      checkpoints: {
        to,
        resume: true,
        interval: millis(60),
        tolerableFailures: 2,
        s3: {
          endpoint: s3.endpoint,
          region: s3.region,
          attempts: 4,
          timeout: millis(2000),
          clientConfig: { credentials: s3.credentials },
        },
      },
    },
  })
  process.stdout.write(`${status}\n`)
} catch (error) {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
}
