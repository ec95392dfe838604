import { describe, expect, it } from 'vitest'
import type { TripEvent } from '../../../../examples/taxi/events/index.js'
import type { ReplayPosition } from '../../../../examples/taxi/replay/index.js'
import { expectMarkersToHold, expectTripsOnce, inBatches, pairsOfTrips, START, tripAt, tripsOf } from './fixture.js'
import { setUp } from './set-up.js'

const latest = (trips: readonly TripEvent[]): number => trips.at(-1)!.dropoffTime

/** Stops the replay while it takes this trip. */
async function* stoppingAt(
  trips: readonly TripEvent[],
  { at, stop }: { at: number; stop: AbortController },
): AsyncGenerator<readonly TripEvent[]> {
  yield trips.slice(0, at)
  stop.abort()
  yield trips.slice(at)
}

describe('a replay that is stopped', () => {
  it.each([
    ['plain', false],
    ['aggregated', true],
  ])('and one that goes on behind it put every trip once, %s', async (_name, aggregate) => {
    const { run, shards } = await setUp(2)
    const trips = pairsOfTrips(5000, 1000)
    const common = { aggregate, tripsPerMarker: 400 }
    let from: ReplayPosition | undefined
    // Between two trips with the same drop-off, too.
    for (const at of [1, 1501, 1502, 4999]) {
      const stop = new AbortController()
      const stopped = await run({
        ...common,
        trips: stoppingAt(trips, { at, stop }),
        stop: stop.signal,
        ...(from && { from }),
      })
      expect(stopped.position).toMatchObject({ trips: at, isComplete: false })
      expect(stopped.acknowledged).toBe(at - (from?.trips ?? 0))
      from = stopped.position
    }
    const { position, acknowledged } = await run({ ...common, trips: inBatches(trips), ...(from && { from }) })
    expect({ position, acknowledged }).toEqual({
      acknowledged: 1,
      position: { trips: 5000, latest: latest(trips), watermark: latest(trips), isComplete: true },
    })
    const found = await shards()
    expectTripsOnce(found, trips)
    expect(expectMarkersToHold(found)).toEqual([latest(trips), latest(trips)])
  })

  it('does not wait for the time of its next trip', async () => {
    const { run, time } = await setUp(1)
    const stop = new AbortController()
    const { position } = await run({
      trips: inBatches([tripAt(START, 1), tripAt(START + 1_000_000_000, 2)]),
      speedup: 1,
      stop: stop.signal,
      onProgress: () => stop.abort(),
      progressEveryMs: 5000,
    })
    expect(position.trips).toBe(1)
    expect(time.now()).toBeLessThan(6000)
  })
})

describe('the position', () => {
  it('is told each second, and never counts a trip that is not acknowledged', async () => {
    const { run, server } = await setUp(1, { limits: { writeRecords: 200, getRecordsCalls: 1e9, readBytes: 1e12 } })
    const told: ReplayPosition[] = []
    let most = 0
    const trips = pairsOfTrips(1500, 1000)
    await run({
      trips: inBatches(trips),
      inFlight: 3,
      onPosition(position) {
        const stored = server.stats().records
        expect(position.trips).toBeLessThanOrEqual(stored)
        most = Math.max(most, stored - position.trips)
        told.push(position)
      },
    })
    expect(told.length).toBeGreaterThan(5)
    expect(told.map((each) => each.trips)).toEqual(told.map((each) => each.trips).sort((one, other) => one - other))
    expect(told.at(-1)).toMatchObject({ trips: 1500, isComplete: true })
    expect(most).toBeGreaterThan(0)
  })

  it('of a replay that failed lets another one put what is missing', async () => {
    const { run, shards, server } = await setUp(2)
    const trips = pairsOfTrips(4000, 1000)
    const positions: ReplayPosition[] = []
    const remove = server.faults.add({ operation: 'PutRecords', fault: { kind: 'accessDenied' }, nth: 5, times: 1 })
    const failing = run({ trips: inBatches(trips), onPosition: (position) => positions.push(position) })
    await expect(failing).rejects.toMatchObject({ code: 'KINESIS_REFUSED' })
    remove()
    const from = positions.at(-1)!
    expect(from.trips).toBe(tripsOf([...(await shards()).values()].flat()).length)
    expect(from.trips).toBeGreaterThan(0)
    await run({ trips: inBatches(trips), from })
    const found = await shards()
    expectTripsOnce(found, trips)
    expectMarkersToHold(found)
  })

  it.each([
    ['other trips', pairsOfTrips(3000, 999)],
    ['too few', pairsOfTrips(999, 1000)],
  ])('is refused for %s', async (_name, trips) => {
    const { run } = await setUp(1)
    const from = { trips: 1000, latest: START + 499_000, watermark: undefined, isComplete: false }
    await expect(run({ trips: inBatches(trips), from })).rejects.toMatchObject({ code: 'REPLAY_POSITION_INVALID' })
    await run({ trips: inBatches(pairsOfTrips(1001, 1000)), from })
  })
})

describe('a replay of trips that come slowly', () => {
  it('puts them after a second at the latest', async () => {
    const { run, time } = await setUp(1)
    const acknowledged: number[] = []
    const slow = async function* (): AsyncGenerator<readonly TripEvent[]> {
      for (let step = 0; step < 4; step++) {
        yield [tripAt(START + step, step)]
        await new Promise<void>((resolve) => void time.environment.timers.after(3000, resolve))
      }
    }
    await run({
      trips: slow(),
      onProgress: (progress) => acknowledged.push(progress.acknowledged),
      progressEveryMs: 3000,
    })
    expect(acknowledged.slice(0, 3)).toEqual([1, 2, 3])
  })

  it('takes no more of them than it can put', async () => {
    const { run, time, server } = await setUp(1, { limits: { writeRecords: 100 } })
    let given = 0
    let mostHeld = 0
    const trips = async function* (): AsyncGenerator<readonly TripEvent[]> {
      for (let step = 0; step < 30; step++) {
        mostHeld = Math.max(mostHeld, given - server.stats().records)
        yield Array.from({ length: 50 }, () => tripAt(START + given, given++))
      }
    }
    await run({ trips: trips(), inFlight: 1, tripsPerMarker: 1e9 })
    expect(time.now()).toBeGreaterThan(10_000)
    // One call on its way, and one that is being filled.
    expect(mostHeld).toBeLessThanOrEqual(1050)
    expect(mostHeld).toBeGreaterThan(400)
  })
})
