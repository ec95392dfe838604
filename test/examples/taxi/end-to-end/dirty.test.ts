import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { describe, expect, it } from 'vitest'
import { generateTrips } from '../../../../examples/taxi/trips/index.js'
import { expectSameRows } from '../../../golden/taxi/compare.js'
import { type GoldenTrip, goldenResults } from '../../../golden/taxi/results.js'
import { choices, SEED } from '../../../golden/taxi/seeded.js'
import { folderOfTest } from './folder.js'
import { localKinesis } from './local-servers.js'
import { outputOf } from './output.js'
import { type Ended, taxi } from './process.js'

/** What the command says became of the trips. */
function countsOf(ended: Ended): Record<string, number> {
  const line = /^trips: (.*)$/m.exec(ended.out)?.[1] ?? ''
  return Object.fromEntries(
    line.split(/, (?=\d)/).map((part) => {
      const [, count = '', what = ''] = /^([\d,]+) (.*)$/.exec(part) ?? []
      return [what, Number(count.replaceAll(',', ''))]
    }),
  )
}

async function someTrips(count: number): Promise<GoldenTrip[]> {
  const trips: GoldenTrip[] = []
  for await (const batch of generateTrips({ trips: count, seed: SEED % 1000 })) trips.push(...batch)
  return trips
}

const wallClock = (time: number): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ')

const HEADER =
  'vendor_name, Trip_Pickup_DateTime , TRIP_DROPOFF_DATETIME,Passenger_Count,Start_Lon,Start_Lat,"End_Lon",End_Lat,Total_Amt\r'
const rowOf = (trip: GoldenTrip): string =>
  [
    '"Cab, Yellow"',
    wallClock(trip.pickupTime),
    wallClock(trip.dropoffTime),
    1,
    trip.pickupLongitude,
    ` ${trip.pickupLatitude}`,
    `"${trip.dropoffLongitude}"`,
    trip.dropoffLatitude,
    'n/a',
  ].join(',') + (trip.pickupTime % 2000 === 0 ? '\r' : '')

const UNREADABLE: readonly string[] = [
  'VTS,2016-01-15 08:00:00,2016-01-15 08:10:00,1,,40.75,-73.98,40.76,9',
  'VTS,2016-01-15 08:00:00,2016-01-15 08:10:00,1,-73.99,40.75,-73.98,,9',
  'VTS,2016-01-15 08:00:00,,1,-73.99,40.75,-73.98,40.76,9',
  'VTS,,2016-01-15 08:10:00,1,-73.99,40.75,-73.98,40.76,9',
  'VTS,2016-01-15 25:00:00,2016-01-15 08:10:00,1,-73.99,40.75,-73.98,40.76,9',
  'VTS,2016-02-30 08:00:00,2016-01-15 08:10:00,1,-73.99,40.75,-73.98,40.76,9',
  'VTS,yesterday,2016-01-15 08:10:00,1,-73.99,40.75,-73.98,40.76,9',
  'VTS,2016-01-15 08:00:00,2016-01-15 08:10:00,1,NaN,40.75,-73.98,40.76,9',
  'VTS,2016-01-15 08:00:00,2016-01-15 08:10:00,1,-73.99,Infinity,-73.98,40.76,9',
  'VTS,2016-01-15 08:00:00,2016-01-15 08:10:00,1,-73.99,1e999,-73.98,40.76,9',
  'VTS,2016-01-15 08:00:00,2016-01-15 08:10:00,1,west,40.75,-73.98,40.76,9',
  'VTS,2016-01-15 08:00:00',
  '\u0000\u0001\u0002,,,"',
  '-',
]

describe(`input that is not as it should be (seed ${SEED})`, () => {
  it('every row of a file is used, elsewhere or unreadable, and the results are exact', {
    timeout: 60_000,
  }, async () => {
    const folder = await folderOfTest()
    const trips = await someTrips(3000)
    const rows = [...trips.map(rowOf), ...UNREADABLE]
    const shuffled = choices(SEED).some(rows, rows.length)
    const file = join(folder, 'dirty.csv.gz')
    await writeFile(file, gzipSync(`${HEADER}\n${shuffled.join('\n')}\n`))
    const golden = goldenResults(trips)
    const out = join(folder, 'out')
    const ended = await taxi('--trips', file, '--out', out, '--format', 'parquet', '--no-report').ended
    expect(ended).toMatchObject({ code: 0, error: '' })
    expectSameRows(await outputOf(out, 'parquet'), golden)
    expect(countsOf(ended)).toEqual({
      used: golden.used,
      'outside New York': golden.elsewhere,
      late: 0,
      'unreadable rows': UNREADABLE.length,
      'malformed events': 0,
    })
    const [, replayed, all] = /replayed ([\d,]+) trips of ([\d,]+) rows/.exec(ended.out) ?? []
    expect([replayed, all]).toEqual([trips.length, rows.length].map((count) => count.toLocaleString('en-US')))
  })

  it('every record of a stream is used, elsewhere, late or malformed, and what is not used can be had', {
    timeout: 60_000,
  }, async () => {
    const { server, client } = await localKinesis()
    const trips = [...(await someTrips(400))].sort((a, b) => a.dropoffTime - b.dropoffTime)
    const [early, later] = [trips.slice(0, 200), trips.slice(200)]
    const hour = 3_600_000
    // All hours that begin before this are over; the trips of these that come again behind the marker are late.
    const over = Math.floor(later[0]!.dropoffTime / hour) * hour
    const late = early.filter((trip) => trip.dropoffTime < over && goldenResults([trip]).used === 1).slice(0, 7)
    expect(late.length).toBeGreaterThan(0)
    const put = async (records: readonly (string | Uint8Array)[]): Promise<void> => {
      for (let from = 0; from < records.length; from += 500) {
        const Records = records.slice(from, from + 500).map((data) => ({ Data: Buffer.from(data), PartitionKey: 'k' }))
        await client.send(new PutRecordsCommand({ StreamName: 'taxi', Records }))
      }
    }
    await put(early.map(eventOf))
    await put([JSON.stringify({ type: 'watermark', watermark: new Date(over).toISOString() }), ...MALFORMED])
    await put([...late.map(eventOf), ...later.map(eventOf)])

    const golden = goldenResults(trips)
    const out = join(await folderOfTest(), 'out')
    const args = ['--no-replay', '--kinesis', server.url, '--out', out, '--format', 'jsonl', '--no-report']
    const ended = await taxi(...args).ended
    expect(ended).toMatchObject({ code: 0, error: '' })
    expectSameRows(await outputOf(out, 'jsonl'), golden)
    expect(countsOf(ended)).toEqual({
      used: golden.used,
      'outside New York': golden.elsewhere,
      late: late.length,
      'unreadable rows': 0,
      'malformed events': MALFORMED.length,
    })
    expect((await rowsOf(join(out, 'late_trips'))).map(({ dropoffTime }) => dropoffTime).sort()).toEqual(
      late.map(({ dropoffTime }) => dropoffTime).sort(),
    )
    const raw = (await rowsOf(join(out, 'malformed_events'))).map((row) => Buffer.from(String(row['raw']), 'base64'))
    expect(raw.map(String).sort()).toEqual(MALFORMED.map((data) => String(Buffer.from(data))).sort())
  })
})

const MALFORMED: readonly (string | Uint8Array)[] = [
  'not json',
  Uint8Array.of(0xff, 0xfe, 0x00),
  '[]',
  '{}',
  '{"type":"taxi"}',
  '{"type":"watermark","watermark":"soon"}',
  '{"type":"trip","pickup_latitude":40.7,"pickup_longitude":-74}',
]

const eventOf = (trip: GoldenTrip): string =>
  `${JSON.stringify({
    type: 'trip',
    pickup_latitude: trip.pickupLatitude,
    pickup_longitude: trip.pickupLongitude,
    dropoff_latitude: trip.dropoffLatitude,
    dropoff_longitude: trip.dropoffLongitude,
    pickup_datetime: new Date(trip.pickupTime).toISOString(),
    dropoff_datetime: new Date(trip.dropoffTime).toISOString(),
  })}\n`

async function rowsOf(folder: string): Promise<Record<string, unknown>[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line) as Record<string, unknown>)
}
