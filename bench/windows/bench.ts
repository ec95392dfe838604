import { hours, minutes, seconds, session, sliding, tumbling } from 'tidemark'
import { type Contender, measure, median, speedRatio } from '../measure.js'
import { heading, ratioText, table, thousands } from '../table.js'
import { makeRides, type Ride, windowed } from './rides.js'

const HOUR = 3_600_000
const ZONES = 4
/** Event time between two rides. */
const STEP_MS = 15

/** Windows of several kinds over the same rides, beside tumbling ones and beside a loop over a Map. */
export async function benchWindows({ rides: amount, rounds }: { readonly rides: number; readonly rounds: number }) {
  // Few keys, so that few rows come out: what is compared is adding, not writing. Windows that slide by a second still
  // write 3,600 rows an hour and key.
  const rides = makeRides(amount, { zones: ZONES, stepMs: STEP_MS })
  heading(
    `windows: ${thousands(amount)} rides of ${ZONES} zones over ${Math.round((amount * STEP_MS) / HOUR)} hours, ${rounds} rounds in turn`,
  )
  const contenders: Contender<number>[] = [
    { name: 'bare loop, tumbling 1 h', run: () => bareTumbling(rides) },
    { name: 'tumbling 1 h', run: () => windowed(rides, tumbling(hours(1))) },
    { name: 'sliding 1 h / 1 min', run: () => windowed(rides, sliding(hours(1), minutes(1))) },
    { name: 'sliding 1 h / 10 s', run: () => windowed(rides, sliding(hours(1), seconds(10))) },
    { name: 'sliding 1 h / 1 s', run: () => windowed(rides, sliding(hours(1), seconds(1))) },
    { name: 'session, gap 1 s', run: () => windowed(rides, session(seconds(1))) },
  ]
  const measured = await measure(contenders, { warmUps: 1, rounds })
  const [bare, plain] = measured
  if (!bare || !plain) return false
  console.log(
    table(
      ['', 'rides/s', 'of the bare loop', 'of tumbling', 'rows out', 'with rows, of tumbling'],
      measured.map(({ name, times, result }) => {
        const perRow = (plain.result + amount) / (result + amount)
        const withRows = times.map((time) => time * perRow)
        return [
          name,
          thousands(amount / (median(times) / 1000)),
          ratioText(speedRatio(times, bare.times)),
          ratioText(speedRatio(times, plain.times)),
          thousands(result),
          ratioText(speedRatio(withRows, plain.times)),
        ]
      }),
    ),
  )
  console.log(
    [
      '',
      '  A smaller slide writes more rows (each window a row a key); the last column counts a row out like a ride in.',
      '  A window without slices would add each ride to size / slide windows: 60, 360 and 3,600 times the adding.',
      '  The bare loop has no source, no watermarks and no batches: it shows what the engine costs where a record is cheap.',
      '  Not measured: decoding, many keys (state beyond the caches), late records, checkpoints.',
    ].join('\n'),
  )
  return bare.result === plain.result
}

function bareTumbling(rides: readonly Ride[]): number {
  const windows = new Map<number, Map<string, { rides: number; fares: number }>>()
  for (const ride of rides) {
    const start = Math.floor(ride.at / HOUR) * HOUR
    let zones = windows.get(start)
    if (zones === undefined) {
      zones = new Map()
      windows.set(start, zones)
    }
    const total = zones.get(ride.zone)
    if (total === undefined) zones.set(ride.zone, { rides: 1, fares: ride.fare })
    else {
      total.rides++
      total.fares += ride.fare
    }
  }
  let rows = 0
  for (const zones of windows.values()) rows += zones.size
  return rows
}
