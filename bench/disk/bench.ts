import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fixed, heading, megabytes, table, thousands } from '../table.js'
import type { DiskCase, DiskOutcome } from './case.js'

const HEAP_MB = 512
const CACHE_BYTES = 96 * 1024 * 1024
const SEED = 20160101
/** Beside the heap, where both can hold everything. */
const COMPARED_KEYS = 1_000_000
const COMPARED_HEAP_MB = 4096

/** Ten million keys within 512 MB of heap, and what state on disk costs where the heap would do. */
export async function benchDisk({ keys }: { readonly keys: number }): Promise<boolean> {
  const few = Math.min(keys, COMPARED_KEYS)
  heading(
    `${thousands(few)} keys of about 100 bytes, ${thousands(few)} random updates, two checkpoints; on the heap and on disk`,
  )
  const plan = { keys: few, updates: few, seed: SEED }
  const heap = await measured({ ...plan, state: 'heap', cacheBytes: 0 }, COMPARED_HEAP_MB)
  const large = await measured({ ...plan, state: 'disk', cacheBytes: 2 ** 30 }, COMPARED_HEAP_MB)
  const small = await measured({ ...plan, state: 'disk', cacheBytes: few * 50 }, COMPARED_HEAP_MB)
  const cases = [
    { name: 'heap', outcome: heap },
    { name: 'disk, all in the cache', outcome: large },
    { name: 'disk, a tenth in the cache', outcome: small },
  ]
  print(cases, heap)
  heading(`${thousands(keys)} keys on disk within ${HEAP_MB} MB of heap, ${thousands(keys / 5)} random updates`)
  const limited = await measured(
    { keys, updates: Math.floor(keys / 5), seed: SEED, state: 'disk', cacheBytes: CACHE_BYTES },
    HEAP_MB,
  )
  const all = [...cases, { name: 'disk', outcome: limited }]
  print([{ name: `disk, ${megabytes(CACHE_BYTES)} MB of cache`, outcome: limited }], heap)
  console.log(
    `\n  ${thousands(limited.answers)} keys asked for at the end, ${thousands(limited.wrong)} of them with a wrong value; ` +
      `peak of the heap ${megabytes(limited.peakHeap)} MB`,
  )
  console.log(
    '  Resident memory is more than the heap: pages of the file that the system keeps while nobody else wants them.',
  )
  console.log(
    '  Not measured: a disk that is slower than its cache in memory, keys that are used more often than others,',
  )
  console.log('  restoring from a checkpoint, more than one task.')
  return all.every(({ outcome }) => outcome.answers > 0 && outcome.wrong === 0)
}

async function measured(what: DiskCase, heapMb: number): Promise<DiskOutcome> {
  const child = fileURLToPath(new URL('./child.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${heapMb}`,
    '--no-warnings',
    '--import',
    'tsx',
    child,
    JSON.stringify(what),
  ])
  // The child prints nothing else.
  return JSON.parse(stdout) as DiskOutcome
}

function print(cases: readonly { readonly name: string; readonly outcome: DiskOutcome }[], heap: DiskOutcome): void {
  const rows = cases.map(({ name, outcome }) => [
    name,
    thousands(outcome.fillPerSecond),
    fixed(outcome.fillPerSecond / heap.fillPerSecond, 2),
    thousands(outcome.updatesPerSecond),
    fixed(outcome.updatesPerSecond / heap.updatesPerSecond, 2),
    outcome.checkpoints
      .map(({ bytes, durationMs }) => `${megabytes(bytes)} MB in ${fixed(durationMs / 1000, 1)} s`)
      .join(', '),
    `${megabytes(outcome.peakHeap)} MB`,
    `${megabytes(outcome.rss)} MB`,
    `${fixed(outcome.holds.longestMs, 0)} ms`,
    `${fixed(outcome.seconds, 0)} s`,
  ])
  const headings = [
    '',
    'new keys a CPU second',
    'of heap',
    'updates',
    'of heap',
    'checkpoints',
    'peak heap',
    'resident',
    'longest hold',
    'all',
  ]
  console.log(table(headings, rows))
}
