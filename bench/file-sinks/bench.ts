import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { median, speedRatio } from '../measure.js'
import { heading, megabytes, ratioText, table, thousands } from '../table.js'
import type { FormatCase, FormatOutcome } from './format-child.js'
import { benchSinkMemory } from './memory.js'

const CASES = [
  { name: 'JSON lines', format: 'lines' },
  { name: 'JSON lines, gzip', format: 'gzip' },
  { name: 'Parquet, Snappy', format: 'snappy' },
  { name: 'Parquet, zstd', format: 'zstd' },
] as const

/**
 * What is wanted against the bare library, which does the same where it syncs its file as well: a checkpoint names a file
 * only when it is on the disk. That of a library that leaves its bytes to the system stands beside it. The time of the
 * processor decides: the clock's depends on whatever else runs, and on whether a second core is free for what the sink does
 * beside (gzip, writing), for which the library waits.
 * A round is long enough that the start of its job, whose code the engine compiles again behind each full collection of
 * garbage, is a small part of it.
 */
const WANTED = 0.8

/** Rows into files: the sink, in a job, against the library that it uses, by hand. */
export async function benchFileSinks({
  trips,
  rounds,
}: {
  readonly trips: number
  readonly rounds: number
}): Promise<boolean> {
  heading(`sinks of files: ${thousands(trips)} trips into a folder, ${rounds} rounds`)
  const lines: string[][] = []
  let isMet = true
  for (const { name, format } of CASES) {
    const { unsynced, byHand, sink, bytes } = await measured({ format, trips, rounds })
    const ratio = speedRatio(sink.cpuTimes, byHand.cpuTimes)
    isMet &&= ratio.median >= WANTED
    const seconds = median(sink.times) / 1000
    lines.push([
      name,
      thousands(trips / (median(byHand.times) / 1000)),
      thousands(trips / seconds),
      megabytes(bytes / seconds),
      megabytes(bytes),
      ratioText(ratio),
      ratioText(speedRatio(sink.cpuTimes, unsynced.cpuTimes)),
      ratioText(speedRatio(sink.times, byHand.times)),
      ratioText(speedRatio(sink.times, unsynced.times)),
    ])
  }
  const ratios = ['CPU', 'CPU, not synced', 'clock', 'clock, not synced']
  console.log(table(['', 'bare rows/s', 'sink rows/s', 'sink MB/s', 'MB', ...ratios], lines))
  console.log(
    `\n  MB are those of the files; rows/s are by the clock. The ratios are to the bare library, which syncs its file, and to ` +
      `one that does not.\n  At least ${WANTED} of the processor time of the first is wanted.`,
  )
  const isFlat = await benchSinkMemory()
  console.log('  Not measured: the network and S3 itself, a source, a decoder, more than one subtask.')
  return isMet && isFlat
}

/** In a process of its own, as a job has one: what ran before decides what the engine has compiled, and for which rows. */
async function measured(what: FormatCase): Promise<FormatOutcome> {
  const child = fileURLToPath(new URL('./format-child.ts', import.meta.url))
  const args = ['--no-warnings', '--import', 'tsx', child, JSON.stringify(what)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  // The child prints nothing else.
  return JSON.parse(stdout) as FormatOutcome
}
