import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startLocalS3 } from 'tidemark/testing'
import { fixed, megabytes, table, thousands } from '../table.js'

/** One job of a process of its own. */
export interface MemoryCase {
  readonly format: 'lines' | 'parquet'
  readonly folders: number
  readonly bufferBytes: number
  readonly rows: number
  readonly s3: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
}

/** Bytes. */
export interface MemoryOutcome {
  /** Heap and external memory behind a full collection while the job ran, at most, above what the idle process has. */
  readonly most: number
  /** What the sink says it holds, at most. */
  readonly held: number
}

const FOLDERS = 50
const BUFFER_BYTES = 32 * 1024 * 1024
const ROWS = 80_000
/** What the process may hold, in terms of `bufferBytes`: requests, batches, and encoders' tables beside what the option counts. */
const FACTOR = 2
/** With twice the rows: two runs of the same job differ too. */
const FLAT = 1.25

/** The memory of a job with many open folders, at two lengths of its input. Returns whether it stays as it is wanted. */
export async function benchSinkMemory(): Promise<boolean> {
  const lines: string[][] = []
  let isMet = true
  for (const format of ['lines', 'parquet'] as const) {
    const [short, long] = [await measured(format, ROWS), await measured(format, 2 * ROWS)]
    isMet &&= long.most <= short.most * FLAT && Math.max(short.most, long.most) <= BUFFER_BYTES * FACTOR
    const cells = [short, long].flatMap(({ most, held }) => [`${megabytes(most)} MB`, `${megabytes(held)} MB`])
    lines.push([format === 'lines' ? 'JSON lines' : 'Parquet', ...cells, fixed(long.most / short.most, 2)])
  }
  console.log(
    `\n  Memory with ${FOLDERS} open folders on a local S3, rows of 1 KiB, bufferBytes ${megabytes(BUFFER_BYTES)} MB:\n`,
  )
  const counts = [`${thousands(ROWS)} rows`, 'sink says', `${thousands(2 * ROWS)} rows`, 'sink says']
  console.log(table(['', ...counts, 'ratio'], lines))
  console.log(
    `\n  The most that was seen of heap and external memory, behind full collections while the job runs without checkpoints,\n` +
      `  above those of the idle process; S3 is another process. Wanted: at most ${FACTOR} times bufferBytes, and with twice the\n` +
      `  rows at most ${FLAT} as much.`,
  )
  return isMet
}

async function measured(format: MemoryCase['format'], rows: number): Promise<MemoryOutcome> {
  // It keeps what is written, so it is not where the memory is measured.
  const server = await startLocalS3({ buckets: ['bench'] })
  const { endpoint, region, credentials } = server
  const what: MemoryCase = {
    ...{ format, rows, folders: FOLDERS, bufferBytes: BUFFER_BYTES },
    s3: { endpoint, region, credentials },
  }
  const child = fileURLToPath(new URL('./memory-child.ts', import.meta.url))
  try {
    const args = ['--no-warnings', '--import', 'tsx', child, JSON.stringify(what)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    // The child prints nothing else.
    return JSON.parse(stdout) as MemoryOutcome
  } finally {
    await server.close()
  }
}
