import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure } from '../measure.js'
import { type BareOptions, bareLines, bareParquet, type SinkFormat, throughSink } from './contenders.js'
import { makeTrips } from './rows.js'

/** One format, in a process of its own. */
export interface FormatCase {
  readonly format: Exclude<SinkFormat, 'uncompressed'>
  readonly trips: number
  readonly rounds: number
}

/** Milliseconds of each round. */
interface Rounds {
  readonly times: readonly number[]
  readonly cpuTimes: readonly number[]
}

export interface FormatOutcome {
  /** The bare library that leaves its bytes to the system, and the one that syncs its file. */
  readonly unsynced: Rounds
  readonly byHand: Rounds
  readonly sink: Rounds
  /** Of the sink's files. */
  readonly bytes: number
}

const { format, trips, rounds } = JSON.parse(process.argv[2] ?? '') as FormatCase
const rows = makeTrips(trips)

function bare(path: string, options: BareOptions): Promise<void> {
  if (format === 'lines' || format === 'gzip') return bareLines(rows, path, { ...options, isZipped: format === 'gzip' })
  return bareParquet(rows, path, { ...options, codec: format === 'zstd' ? 'ZSTD' : 'SNAPPY' })
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

const [unsynced, byHand, sink] = await measure(
  [
    { name: 'bare, not synced', run: () => inFolder((folder) => bare(join(folder, 'rows'), { synced: false })) },
    { name: 'bare', run: () => inFolder((folder) => bare(join(folder, 'rows'), { synced: true })) },
    { name: 'sink', run: () => inFolder((folder) => throughSink(rows, folder, format)) },
  ],
  { warmUps: 2, rounds },
)
if (!unsynced || !byHand || !sink) throw new Error('three were measured')
process.stdout.write(JSON.stringify({ unsynced, byHand, sink, bytes: sink.result } satisfies FormatOutcome))
