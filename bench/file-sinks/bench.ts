import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure, median, speedRatio } from '../measure.js'
import { heading, megabytes, ratioText, table, thousands } from '../table.js'
import { type BareOptions, bareLines, bareParquet, type SinkFormat, throughSink } from './contenders.js'
import { benchSinkMemory } from './memory.js'
import { makeTrips, type Trip } from './rows.js'

interface Case {
  readonly name: string
  readonly format: SinkFormat
  readonly bare: (trips: readonly Trip[], path: string, options: BareOptions) => Promise<void>
}

const CASES: readonly Case[] = [
  {
    name: 'JSON lines',
    format: 'lines',
    bare: (trips, path, options) => bareLines(trips, path, { ...options, isZipped: false }),
  },
  {
    name: 'JSON lines, gzip',
    format: 'gzip',
    bare: (trips, path, options) => bareLines(trips, path, { ...options, isZipped: true }),
  },
  {
    name: 'Parquet, Snappy',
    format: 'snappy',
    bare: (trips, path, options) => bareParquet(trips, path, { ...options, codec: 'SNAPPY' }),
  },
  {
    name: 'Parquet, zstd',
    format: 'zstd',
    bare: (trips, path, options) => bareParquet(trips, path, { ...options, codec: 'ZSTD' }),
  },
]

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
  const rows = makeTrips(trips)
  const lines: string[][] = []
  let isMet = true
  for (const { name, format, bare } of CASES) {
    const byHandIn = (folder: string, synced: boolean) => bare(rows, join(folder, 'rows'), { synced })
    const [unsynced, byHand, sink] = await measure(
      [
        { name: 'bare, not synced', run: () => inFolder((folder) => byHandIn(folder, false)) },
        { name: 'bare', run: () => inFolder((folder) => byHandIn(folder, true)) },
        { name: 'sink', run: () => inFolder((folder) => throughSink(rows, folder, format)) },
      ],
      { warmUps: 2, rounds },
    )
    const ratio = speedRatio(sink?.cpuTimes ?? [], byHand?.cpuTimes ?? [])
    isMet &&= ratio.median >= WANTED
    const seconds = median(sink?.times ?? []) / 1000
    const bytes = sink?.result ?? 0
    lines.push([
      name,
      thousands(trips / (median(byHand?.times ?? []) / 1000)),
      thousands(trips / seconds),
      megabytes(bytes / seconds),
      megabytes(bytes),
      ratioText(ratio),
      ratioText(speedRatio(sink?.cpuTimes ?? [], unsynced?.cpuTimes ?? [])),
      ratioText(speedRatio(sink?.times ?? [], byHand?.times ?? [])),
      ratioText(speedRatio(sink?.times ?? [], unsynced?.times ?? [])),
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

/** The bytes of the files that were written. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'))
  try {
    await work(folder)
    let bytes = 0
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
    }
    return bytes
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
