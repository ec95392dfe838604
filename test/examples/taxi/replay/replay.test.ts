import { createServer, request as httpRequest } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type PutRecordsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kinesisAt, type ReplayProgress, replay } from '../../../../examples/taxi/replay/index.js'
import { listening } from '../../../setup/listening.js'
import { expectMarkersToHold, expectTripsOnce, inBatches, pairsOfTrips, START, tripAt, tripsOf } from './fixture.js'
import { setUp } from './set-up.js'
import { type VirtualTime, virtualTime } from './virtual-time.js'

/** A proxy that breaks off the answer to each so many PutRecords calls after they were carried out. */
async function losingAnswers(target: string, every: number): Promise<string> {
  let puts = 0
  const proxy = createServer(async (request, response) => {
    const { host: _host, connection: _connection, ...headers } = request.headers
    const body = await buffer(request)
    const upstream = httpRequest(target, { method: 'POST', headers }, async (answer) => {
      const content = await buffer(answer)
      const isPut = String(headers['x-amz-target']).endsWith('PutRecords')
      if (isPut && ++puts % every === 0) response.destroy()
      else response.writeHead(answer.statusCode ?? 500, answer.headers).end(content)
    })
    upstream.end(body)
  })
  return listening(proxy)
}

const latest = (trips: readonly { readonly dropoffTime: number }[]): number => trips.at(-1)!.dropoffTime

describe('a replay', () => {
  it.each([1, 4])(
    'puts every trip once into %d shards, in order in each, and ends them with the last drop-off',
    async (count) => {
      const { run, shards } = await setUp(count)
      const trips = pairsOfTrips(12_345, 1000)
      const progress = await run({ trips: inBatches(trips), tripsPerMarker: 1000 })
      const found = await shards()
      expectTripsOnce(found, trips)
      expect(found.size).toBe(count)
      expect(expectMarkersToHold(found)).toEqual(Array.from({ length: count }, () => latest(trips)))
      for (const events of found.values()) {
        const times = tripsOf(events).map((trip) => trip.dropoffTime)
        expect(times).toEqual([...times].sort((one, other) => one - other))
        expect(times.length).toBeGreaterThan(trips.length / count / 2)
        expect(events.length - times.length).toBe(progress.markerRounds)
      }
      expect(progress.markerRounds).toBeGreaterThan(6)
      expect(progress).toMatchObject({
        acknowledged: 12_345,
        timeReached: latest(trips),
        retried: 0,
        uncertain: 0,
        lagMs: 0,
      })
    },
  )

  it('sends throttled records again, and no marker passes them', async () => {
    const { run, shards, time } = await setUp(3, {
      limits: { writeRecords: 100, getRecordsCalls: 1e9, readBytes: 1e12 },
    })
    const trips = pairsOfTrips(3000, 1000)
    const progress = await run({ trips: inBatches(trips), tripsPerMarker: 200 })
    const found = await shards()
    expectTripsOnce(found, trips)
    expect(expectMarkersToHold(found)).toEqual([latest(trips), latest(trips), latest(trips)])
    expect(progress.retried).toBeGreaterThan(100)
    expect(progress.uncertain).toBe(0)
    expect(time.now()).toBeGreaterThan(8000)
  })

  it('with several calls at the same time still lets no marker pass a trip', async () => {
    const { run, shards } = await setUp(4, { limits: { writeRecords: 400, getRecordsCalls: 1e9, readBytes: 1e12 } })
    const trips = pairsOfTrips(10_000, 1000)
    const progress = await run({ trips: inBatches(trips), tripsPerMarker: 300, inFlight: 6 })
    const found = await shards()
    expectTripsOnce(found, trips)
    expect(new Set(expectMarkersToHold(found))).toEqual(new Set([latest(trips)]))
    expect(progress.markerRounds).toBeGreaterThan(5)
  })

  it('sends again what was stored but not answered, counts it, and lets no marker pass it', async () => {
    const { shards, server } = await setUp(2)
    const proxy = await losingAnswers(server.url, 4)
    const client = kinesisAt(proxy)
    const time = virtualTime()
    time.watch(client)
    onTestFinished(() => client.destroy())
    const trips = pairsOfTrips(6000, 1000)
    const replaying = replay({
      client,
      stream: 'taxi',
      trips: inBatches(trips),
      speedup: 'max',
      tripsPerMarker: 500,
      environment: time.environment,
    })
    const progress = await time.run(replaying)
    const found = await shards()
    const stored = tripsOf([...found.values()].flat())
    expect(new Set(stored.map((trip) => trip.tripId)).size).toBe(6000)
    expect(progress.acknowledged).toBe(6000)
    expect(stored.length).toBeGreaterThan(6000)
    expect(stored.length - 6000).toBeLessThanOrEqual(progress.uncertain)
    for (const events of found.values()) {
      const seen = new Set<unknown>()
      let watermark = 0
      for (const event of events) {
        if (event.type === 'watermark') watermark = event.watermark
        else if (!seen.has(event.tripId)) expect(event.dropoffTime).toBeGreaterThan(watermark)
        if (event.type === 'trip') seen.add(event.tripId)
      }
    }
  })

  it('puts trips without an id, and with one too long for a partition key', async () => {
    const { run, shards } = await setUp(2)
    const trips = [
      tripAt(START, undefined),
      tripAt(START, 'x'.repeat(300)),
      tripAt(START + 1, ''),
      tripAt(START + 2, 7),
    ]
    await run({ trips: inBatches(trips) })
    const found = [...tripsOf([...(await shards()).values()].flat())].sort(
      (one, other) => one.dropoffTime - other.dropoffTime,
    )
    expect(found.map((trip) => trip.dropoffTime)).toEqual([START, START, START + 1, START + 2])
    expect(new Set(found.map((trip) => trip.tripId))).toEqual(new Set([undefined, 'x'.repeat(300), '', 7]))
  })

  it('sends a trip that is out of order, without taking back a marker', async () => {
    const { run, shards } = await setUp(1)
    const trips = [...pairsOfTrips(4000, 1000), tripAt(START + 5, 9999), tripAt(START + 9_000_000, 10_000)]
    const progress = await run({ trips: inBatches(trips), tripsPerMarker: 500 })
    const found = await shards()
    expectTripsOnce(found, trips)
    const watermarks = [...found.values()]
      .flat()
      .flatMap((event) => (event.type === 'watermark' ? [event.watermark] : []))
    expect(watermarks).toEqual([...new Set(watermarks)].sort((one, other) => one - other))
    expect(progress.watermark).toBe(START + 9_000_000)
  })

  it('puts nothing for no trips', async () => {
    const { run, shards } = await setUp(2)
    const progress = await run({ trips: inBatches([]) })
    expect([...(await shards()).values()].flat()).toEqual([])
    expect(progress).toMatchObject({ acknowledged: 0, timeReached: undefined, watermark: undefined, markerRounds: 0 })
  })

  it('follows a stream that is resharded meanwhile: each open shard gets the markers', async () => {
    const { run, shards, reader } = await setUp(1)
    const trips = pairsOfTrips(600, 10_000)
    let isSplit = false
    const onProgress = (progress: ReplayProgress): void => {
      if (isSplit || progress.acknowledged < 100) return
      isSplit = true
      const middle = (2n ** 127n).toString()
      split = reader.send(
        new SplitShardCommand({ StreamName: 'taxi', ShardToSplit: 'shardId-000000000000', NewStartingHashKey: middle }),
      )
    }
    let split: Promise<unknown> = Promise.resolve()
    await run({ trips: inBatches(trips), speedup: 30, onProgress, progressEveryMs: 1000 })
    await split
    const found = await shards()
    expect(found.size).toBe(3)
    expectTripsOnce(found, trips)
    const [parent, ...children] = expectMarkersToHold(found)
    expect(parent).toBeLessThan(latest(trips))
    expect(children).toEqual([latest(trips), latest(trips)])
    const [lower = 0, upper = 0] = [...found.values()]
      .slice(1)
      .map((events) => events.filter((event) => event.type === 'watermark').length)
    expect(lower).toBeGreaterThan(10)
    // The answer to the first marker that landed in one of them shows that there are two.
    expect(upper).toBe(lower)
  })
})

describe('the pace', () => {
  /** When each trip was put, in milliseconds since the first one. */
  async function putTimes(speedup: number | 'max', trips: readonly ReturnType<typeof tripAt>[]) {
    const { run, client, time, shards } = await setUp(1)
    const sentAt = new Map<string, number>()
    const reports: ReplayProgress[] = []
    client.middlewareStack.add(
      (next) => async (args) => {
        const { Records } = args.input as PutRecordsCommand['input']
        if (Array.isArray(Records))
          for (const { PartitionKey, ExplicitHashKey } of Records)
            if (!ExplicitHashKey) sentAt.set(PartitionKey!, time.now())
        return next(args)
      },
      { step: 'initialize' },
    )
    await run({ trips: inBatches(trips), speedup, onProgress: (report) => reports.push(report), progressEveryMs: 5000 })
    return {
      sentAt: trips.map((trip) => sentAt.get(String(trip.tripId))!),
      reports,
      shards: await shards(),
      end: time.now(),
    }
  }

  it('is event time divided by the speedup, to 20 ms, and markers come each second', async () => {
    const trips = pairsOfTrips(400, 3000)
    const { sentAt, reports, shards, end } = await putTimes(60, trips)
    trips.forEach((trip, index) => {
      const due = (trip.dropoffTime - START) / 60
      expect(sentAt[index]).toBeGreaterThanOrEqual(due)
      expect(sentAt[index]).toBeLessThanOrEqual(due + 20)
    })
    expect(end).toBeCloseTo(199 * 50, -2)
    const watermarks = [...shards.values()]
      .flat()
      .flatMap((event) => (event.type === 'watermark' ? [event.watermark] : []))
    expect(watermarks.length).toBe(10)
    watermarks.slice(0, -1).forEach((watermark, second) => {
      expect(Math.abs(watermark - (START + (second + 1) * 60_000))).toBeLessThan(5000)
    })
    expect(reports.map((report) => Math.round(report.tripsPerSecond))).toEqual([40])
    expect(reports[0]).toMatchObject({ lagMs: 0, elapsedMs: 5000 })
  })

  it('of max does not wait', async () => {
    const { end } = await putTimes('max', pairsOfTrips(3000, 86_400_000))
    expect(end).toBe(0)
  })

  it('that cannot be kept shows as a lag', async () => {
    const { run } = await setUp(1, { limits: { writeRecords: 100 } })
    const reports: ReplayProgress[] = []
    await run({
      trips: inBatches(pairsOfTrips(1200, 1000)),
      speedup: 1000,
      onProgress: (report) => reports.push(report),
      progressEveryMs: 2000,
    })
    expect(reports.length).toBeGreaterThan(3)
    expect(reports[1]!.lagMs).toBeGreaterThan(reports[0]!.lagMs)
    expect(reports[0]!.lagMs).toBeGreaterThan(1000)
    expect(
      reports.every((report, index) => index === 0 || report.timeReached! >= reports[index - 1]!.timeReached!),
    ).toBe(true)
  })
})

describe('a replay that cannot go on', () => {
  const endless = async function* (time: VirtualTime, onTrips: (taken: number) => unknown) {
    for (let taken = 0; ; taken += 500) {
      expect(time.now()).toBeLessThan(200_000)
      await onTrips(taken)
      yield Array.from({ length: 500 }, (_, index) => tripAt(START + taken + index, taken + index))
    }
  }

  it('gives up, in one line, when Kinesis has been away for 60 s', async () => {
    const { run, server, time } = await setUp(1)
    const replaying = run({ trips: endless(time, (taken) => (taken === 2000 ? server.close() : undefined)) })
    await expect(replaying).rejects.toMatchObject({ code: 'KINESIS_UNREACHABLE', retryable: true })
    await expect(replaying).rejects.toThrow(/^stream 'taxi' took no record for 60 s: [^\n]*$/)
    expect(time.now()).toBeGreaterThanOrEqual(60_000)
  })

  it('says at once what Kinesis refuses', async () => {
    const { client, time } = await setUp(1)
    const replaying = time.run(
      replay({
        client,
        stream: 'other',
        speedup: 'max',
        trips: inBatches(pairsOfTrips(2000, 1)),
        environment: time.environment,
      }),
    )
    await expect(replaying).rejects.toMatchObject({ code: 'KINESIS_REFUSED', retryable: false })
    await expect(replaying).rejects.toThrow(/^stream 'other' takes no records: ResourceNotFoundException: [^\n]*$/)
    expect(time.now()).toBe(0)
  })

  it('ends with the reason of its signal', async () => {
    const { run, time } = await setUp(1)
    const stop = new AbortController()
    const reason = new Error('enough')
    const trips = endless(time, (taken) => (taken === 5000 ? stop.abort(reason) : undefined))
    await expect(run({ trips, signal: stop.signal })).rejects.toBe(reason)
    const waiting = new AbortController()
    const slow = run({
      trips: inBatches(pairsOfTrips(10, 1e9)),
      speedup: 1,
      signal: waiting.signal,
      onProgress: () => waiting.abort(reason),
    })
    await expect(slow).rejects.toBe(reason)
  })

  it('passes on what its source and its callback throw', async () => {
    const { run } = await setUp(1)
    const broken = async function* () {
      yield pairsOfTrips(600, 1)
      throw new Error('source')
    }
    await expect(run({ trips: broken() })).rejects.toThrow('source')
    const onProgress = (): void => {
      throw new Error('callback')
    }
    await expect(run({ trips: inBatches(pairsOfTrips(100, 60_000)), speedup: 60, onProgress })).rejects.toThrow(
      'callback',
    )
  })

  it.each([{ speedup: 0 }, { speedup: Number.NaN }, { speedup: -1 }, { inFlight: 0 }, { tripsPerMarker: 0 }])(
    'refuses %o',
    async (option) => {
      const { run } = await setUp(1)
      await expect(run({ trips: inBatches([]), ...option })).rejects.toMatchObject({ code: 'REPLAY_OPTION_INVALID' })
    },
  )
})
