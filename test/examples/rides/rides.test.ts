import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type DeadLetter, hours, type Source } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { files } from 'tidemark/file'
import { run } from 'tidemark/run'
import { malformed, testJob } from 'tidemark/testing'
import { describe, expect, it } from 'vitest'
import { type RideEvent, rideFile } from '../../../examples/rides/event.js'
import { type LongRide, type Ride, ridesJob, type Withdrawn } from '../../../examples/rides/job.js'
import { madeUpEvents } from '../../../examples/rides/made-up.js'
import { choices, IS_WHOLE, SEED } from '../../golden/taxi/seeded.js'
import { folderOfTest } from '../taxi/end-to-end/folder.js'
import { expectedRides } from './expected.js'
import { type Results, settled } from './results.js'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const REAL_RIDES = '../shared/data/rides-2013-01-01.csv.gz'

const IN_CITY = { latitude: 40.75, longitude: -73.99 }

function event(type: 'start' | 'end', ride: number, minute: number): RideEvent {
  return { type, ride, at: minute * MINUTE_MS, from: IN_CITY, to: IN_CITY, passengers: 1, taxi: 7, driver: 8 }
}

const jobOver = (events: Source<RideEvent>, results = emptyResults()) =>
  ridesJob({
    events,
    rides: collectInto(results.rides),
    long: collectInto(results.long),
    withdrawn: collectInto(results.withdrawn),
    unmatched: collectInto(results.unmatched),
    malformed: collectInto<DeadLetter>([]),
    longAfter: hours(2),
  })

function emptyResults() {
  return {
    rides: [] as Ride[],
    long: [] as LongRide[],
    withdrawn: [] as Withdrawn[],
    unmatched: [] as RideEvent[],
  }
}

type Test = Awaited<ReturnType<typeof testJob>>

const resultsOf = (test: Test): Results => ({
  rides: test.results<Ride>('completed-rides'),
  long: test.results<LongRide>('long-rides'),
  withdrawn: test.results<Withdrawn>('withdrawn'),
  unmatched: test.results<RideEvent>('unmatched-ends'),
})

/** Step by step, each with a watermark of its own. */
async function steps(...given: readonly (readonly unknown[])[]): Promise<Test> {
  const test = await testJob(jobOver(collection([])), { sources: { 'ride-events': [] } })
  for (const values of given) await test.send('ride-events', values)
  await test.checkpoint()
  return test
}

/** Moves the watermark to just before this minute. */
const until = (minute: number): RideEvent => event('end', 1_000_000 + minute, minute + 1)

describe('a ride', () => {
  it('is put together from its events, whichever comes first', async () => {
    const begun = [event('start', 1, 0), event('end', 2, 20)]
    const test = await steps(begun, [event('end', 1, 10)], [event('start', 2, 5)])
    expect(resultsOf(test)).toMatchObject({
      rides: [
        { ride: 1, taxi: 7, driver: 8, start: 0, end: 10 * MINUTE_MS, minutes: 10, isLong: false },
        { ride: 2, minutes: 15 },
      ],
      long: [],
      withdrawn: [],
    })
  })

  it('without an end within two hours is reported when event time has come so far, and no sooner', async () => {
    const test = await steps([event('start', 1, 0)], [until(120)])
    expect(resultsOf(test).long).toEqual([])
    await test.send('ride-events', [until(121)])
    await test.checkpoint()
    expect(resultsOf(test).long).toEqual([{ ride: 1, taxi: 7, driver: 8, start: 0, isOverdue: true }])
  })

  it('of exactly two hours is not long, one of a second more is', async () => {
    const second = { ...event('end', 2, 120), at: 2 * HOUR_MS + 1000 }
    const test = await steps([event('start', 1, 0), event('start', 2, 0)], [event('end', 1, 120), second])
    expect(resultsOf(test)).toMatchObject({
      rides: [
        { ride: 1, isLong: false },
        { ride: 2, isLong: true },
      ],
      long: [{ ride: 2 }],
      withdrawn: [],
    })
  })

  it('whose end was only late is no long one: the report is withdrawn', async () => {
    const test = await steps([event('start', 1, 0)], [until(130)], [event('end', 1, 30)])
    expect(resultsOf(test)).toMatchObject({
      rides: [{ ride: 1, minutes: 30, isLong: false }],
      long: [{ ride: 1 }],
      withdrawn: [{ ride: 1, start: 0, end: 30 * MINUTE_MS }],
    })
  })

  it('that was reported and is long is reported once, though its end comes', async () => {
    const test = await steps([event('start', 1, 0)], [until(180)], [event('end', 1, 170)])
    await test.finish()
    expect(resultsOf(test)).toMatchObject({ rides: [{ isLong: true }], long: [{ ride: 1 }], withdrawn: [] })
  })

  it('that is under way when the input ends is told from one that is overdue', async () => {
    const test = await steps([event('start', 1, 0)], [event('start', 2, 130)])
    await test.finish()
    expect(resultsOf(test).long).toMatchObject([
      { ride: 1, isOverdue: true },
      { ride: 2, isOverdue: false },
    ])
  })

  it('outside the city is left out', async () => {
    const outside = { ...event('start', 1, 0), from: { latitude: 0, longitude: 0 } }
    const test = await steps([outside])
    await test.finish()
    expect(resultsOf(test)).toEqual(emptyResults())
  })
})

describe('an end without a start', () => {
  it('is kept for a day, then it is one of its own', async () => {
    const test = await steps([event('end', 1, 0)], [until(24 * 60)])
    expect(resultsOf(test).unmatched).toEqual([])
    await test.send('ride-events', [until(24 * 60 + 1)])
    await test.checkpoint()
    expect(resultsOf(test).unmatched).toMatchObject([{ ride: 1 }])
  })
})

it('a line that is no event is a dead letter', async () => {
  const test = await steps([malformed('7,PAUSE'), event('start', 1, 0), event('end', 1, 5)])
  expect(test.results('malformed')).toMatchObject([{ code: 'RECORD_MALFORMED' }])
  expect(resultsOf(test).rides).toHaveLength(1)
})

describe(`made-up rides (seed ${SEED})`, () => {
  const random = choices(SEED)
  const events = madeUpEvents({ rides: 800, seed: SEED })
  const expected = expectedRides(events, 2 * HOUR_MS)
  const splits = [0, 1, 2].map((split) => events.filter((_, index) => index % 3 === split))

  it('have long ones, late ends and ends alone among them', () => {
    // Three of a thousand have an end alone: among so many there are some, whatever the seed.
    const among = expectedRides(madeUpEvents({ rides: 20_000, seed: SEED }), 2 * HOUR_MS)
    expect(among.long.length).toBeGreaterThan(0)
    expect(among.unmatched.length).toBeGreaterThan(0)
    expect(among.rides.length).toBeGreaterThan(15_000)
  })

  it.each([1, 3])('give what a plain look at all events gives, parallelism %d', async (parallelism) => {
    const test = await testJob(jobOver(collection([])), { sources: { 'ride-events': { splits } }, parallelism })
    await test.finish()
    expect(settled(resultsOf(test))).toEqual(expected)
  })

  it.each([
    [1, 3],
    [4, 2],
  ])('give it from a savepoint, parallelism %d, then %d', async (parallelism, then) => {
    const part = splits.map((split) => split.slice(0, random.between(100, 300)))
    const first = await testJob(jobOver(collection([])), { sources: { 'ride-events': { splits: part } }, parallelism })
    const from = await first.savepoint()
    const sources = { 'ride-events': { splits } }
    const second = await testJob(jobOver(collection([])), { sources, parallelism: then, from })
    await second.finish()
    const [before, after] = [resultsOf(first), resultsOf(second)]
    expect(before.rides.length).toBeGreaterThan(0)
    expect(
      settled({
        rides: [...before.rides, ...after.rides],
        long: [...before.long, ...after.long],
        withdrawn: [...before.withdrawn, ...after.withdrawn],
        unmatched: [...before.unmatched, ...after.unmatched],
      }),
    ).toEqual(expected)
  })
})

it.skipIf(!existsSync(REAL_RIDES))(
  `real rides give what a plain look at all events gives (needs ${REAL_RIDES})`,
  { timeout: 120_000 },
  async () => {
    const lines = gunzipSync(await readFile(REAL_RIDES))
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .slice(0, IS_WHOLE ? undefined : 15_000)
    const path = join(await folderOfTest(), 'rides.csv')
    await writeFile(path, lines.join('\n'))
    const results = emptyResults()
    const handle = await run(jobOver(files({ path, format: rideFile() }), results), { parallelism: 2 })
    await handle.result
    expect(settled(results)).toEqual(expectedRides(lines.map(eventOf), 2 * HOUR_MS))
    // The file has less than two hours.
    expect(results.long.filter(({ isOverdue }) => isOverdue)).toEqual([])
  },
)

function eventOf(line: string): RideEvent {
  const [ride, type, at, , fromLongitude, fromLatitude, toLongitude, toLatitude, passengers, taxi, driver] =
    line.split(',')
  return {
    type: type === 'START' ? 'start' : 'end',
    ride: Number(ride),
    at: Date.parse(`${at}Z`),
    from: { latitude: Number(fromLatitude), longitude: Number(fromLongitude) },
    to: { latitude: Number(toLatitude), longitude: Number(toLongitude) },
    passengers: Number(passengers),
    taxi: Number(taxi),
    driver: Number(driver),
  }
}
