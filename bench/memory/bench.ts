import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boundedOutOfOrderness, count, defineJob, hours, mean, seconds, tumbling } from 'tidemark'
import { generator } from 'tidemark/collection'
import { run } from 'tidemark/run'
import { collectGarbage } from '../measure.js'
import { counting } from '../plain-sinks.js'
import { fixed, heading, megabytes, table, thousands } from '../table.js'

const ZONES = 20_000
/** Event time between two events: ten million of them take 55 hours. */
const STEP_MS = 20
/** Used heap after the last million, beside that after the second: the first one fills windows for the first time. */
const FLAT = 1.2

interface Ride {
  readonly zone: string
  readonly at: number
  readonly fare: number
}

interface Reading {
  readonly events: number
  readonly heapUsed: number
  readonly rss: number
}

/** Ten million events through hourly windows of 20,000 keys, with a checkpoint to a directory every second. */
export async function benchMemory({ events }: { readonly events: number }): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'))
  const readings: Reading[] = []
  const sample = Math.floor(events / 10)
  let made = 0
  const start = Date.UTC(2016, 0, 1)
  const make = (index: number): Ride => {
    if (++made % sample === 0) readings.push(read(made))
    return { zone: `zone-${(index * 7919) % ZONES}`, at: start + index * STEP_MS, fare: index % 50 }
  }
  const rows = counting<unknown>()
  const job = defineJob('memory', (job) => {
    job
      .from(
        'rides',
        generator({ count: events, make }),
        boundedOutOfOrderness({ timestamp: (ride) => ride.at, maxDelay: seconds(60) }),
      )
      .keyBy((ride) => ride.zone)
      .window(tumbling(hours(1)))
      .aggregate('per-zone', { rides: count(), fare: mean((ride) => ride.fare) })
      .to('rows', rows)
  })
  try {
    heading(
      `memory: ${thousands(events)} events, ${thousands(ZONES)} keys, hourly windows, a checkpoint a second to disk`,
    )
    const handle = await run(job, { parallelism: 2, checkpoints: { to: folder, interval: seconds(1) } })
    const { progress } = await handle.result
    console.log(
      table(
        ['events', 'heap used after GC', 'resident'],
        readings.map(({ events, heapUsed, rss }) => [
          thousands(events),
          `${megabytes(heapUsed)} MB`,
          `${megabytes(rss)} MB`,
        ]),
      ),
    )
    console.log(
      `\n  ${thousands(rows.rows)} rows of closed windows, ${progress.checkpoints.completed} checkpoints completed, ` +
        `${progress.checkpoints.failed} failed`,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return verdict(readings)
}

function read(events: number): Reading {
  collectGarbage()
  const { heapUsed, rss } = process.memoryUsage()
  return { events, heapUsed, rss }
}

function verdict(readings: readonly Reading[]): boolean {
  const first = readings[1]
  const last = readings.at(-1)
  if (!first || !last) return false
  const ratio = last.heapUsed / first.heapUsed
  const isFlat = ratio <= FLAT
  console.log(
    `  Heap after ${thousands(last.events)} events is ${fixed(ratio, 2)} of that after ${thousands(first.events)} ` +
      `(resident: ${fixed(last.rss / first.rss, 2)}): ${isFlat ? 'flat' : `NOT FLAT, at most ${FLAT} is wanted`}`,
  )
  console.log('  Not measured: state that grows with its keys, a slow sink, other connectors.')
  return isFlat
}
