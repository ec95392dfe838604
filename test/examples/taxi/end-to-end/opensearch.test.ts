import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { type LocalOpenSearch, startLocalOpenSearch, startLocalS3 } from 'tidemark/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { parseTaxiOptions } from '../../../../examples/taxi/run/options.js'
import { describeOutputs } from '../../../../examples/taxi/run/outputs.js'
import { requirePlaces } from '../../../../examples/taxi/run/places.js'
import { runTaxi } from '../../../../examples/taxi/run/taxi.js'
import { generateTrips } from '../../../../examples/taxi/trips/index.js'
import { goldenBusyAreas } from '../../../golden/taxi/busy-areas.js'
import { expectSameRows } from '../../../golden/taxi/compare.js'
import { type GoldenTrip, goldenResults } from '../../../golden/taxi/results.js'
import { SEED } from '../../../golden/taxi/seeded.js'
import { archivedTrips } from './archive.js'
import { expectDashboardAnswers } from './dashboard-answers.js'
import { documentsOf } from './documents.js'
import { folderOfTest } from './folder.js'
import { newestLogState } from './job-log.js'
import { localKinesis, localS3 } from './local-servers.js'
import { outputOf } from './output.js'
import { taxi } from './process.js'
import { streamOfTrips } from './stream-of-trips.js'

/** The real one that `npm run test:opensearch` names: then every document is written to it. */
const REAL = process.env['TIDEMARK_OPENSEARCH']

async function anOpenSearch(): Promise<Pick<LocalOpenSearch, 'url'>> {
  if (REAL !== undefined) return { url: REAL }
  const server = await startLocalOpenSearch({
    // Storms of throttling as a whole and by document, answers that are lost.
    faults: [
      { rate: 0.2, fault: { kind: 'throttle' } },
      { rate: 0.2, fault: { kind: 'failedItems', rate: 0.05 } },
      { rate: 0.05, fault: { kind: 'replyLost' } },
    ],
  })
  onTestFinished(() => server.close())
  return server
}

/** Goes with its indices when the test ends: a real server is kept. */
function freshPrefix(url: string): string {
  const prefix = `tm-taxi-${Date.now()}-`
  onTestFinished(async () => {
    for (const index of ['pickup_count', 'trip_duration', 'busy_area']) {
      await fetch(`${url}/${prefix}${index}`, { method: 'DELETE' })
      await fetch(`${url}/_index_template/taxi-${prefix}${index}`, { method: 'DELETE' })
    }
  })
  return prefix
}

const byText = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

describe(`the taxi job with --opensearch and --s3 (seed ${SEED})`, () => {
  it('killed while it writes and started again gives each document and each archived trip once', {
    timeout: 120_000,
  }, async () => {
    const trips = 5000
    const stream = await streamOfTrips({ trips, seed: SEED % 1000, shards: 2, readBytes: 60_000 })
    const all: GoldenTrip[] = []
    const ids: string[] = []
    for await (const batch of generateTrips({ trips, seed: SEED % 1000 })) {
      all.push(...batch)
      ids.push(...batch.map(({ tripId }) => String(tripId)))
    }
    const { url } = await anOpenSearch()
    const s3 = await localS3()
    const prefix = freshPrefix(url)
    const where = ['--opensearch', url, '--index-prefix', prefix, '--s3', 's3://taxi/nyc', '--s3-endpoint', s3.endpoint]
    const common = [...where, '--format', 'jsonl', '--checkpoint-interval', '200ms']

    const first = stream.job(...common)
    const hasCommitted = async () => (await newestLogState(stream.checkpoints)).committed >= 1
    // The shards are slow: it reads for many seconds more.
    expect(await first.reaches(hasCommitted, { what: 'a commit' })).toBe(true)
    expect(await first.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' })
    const last = await stream.job(...common, '--resume', '--parallelism', '3').ended
    expect(last).toMatchObject({ code: 0, signal: null })

    const documents = async (index: string) => documentsOf(url, `${prefix}${index}`)
    const pickups = await documents('pickup_count')
    const durations = await documents('trip_duration')
    expectSameRows({ pickupCounts: [...pickups.values()], tripDurations: [...durations.values()] }, stream.golden)
    // The files beside it have the same.
    expectSameRows(await outputOf(stream.out, 'jsonl'), stream.golden)
    const inTown = all.filter((trip) => goldenResults([trip]).used === 1)
    const areas = goldenBusyAreas(inTown)
    expect(areas.length).toBeGreaterThan(0)
    expect(byText([...(await documents('busy_area')).values()])).toEqual(byText(areas))

    const archived = await archivedTrips(s3, 'taxi', 'nyc/trips/')
    const expected = all.map((trip, index) => ({
      trip_id: ids[index]!,
      pickup: trip.pickupTime,
      dropoff: trip.dropoffTime,
      hour: new Date(trip.dropoffTime).toISOString().slice(0, 13),
      point: [trip.pickupLatitude, trip.pickupLongitude, trip.dropoffLatitude, trip.dropoffLongitude],
    }))
    expect(byText(archived)).toEqual(byText(expected))
    expect(s3.uploads('taxi')).toEqual([])
    expect(last.out).toMatch(/documents to tm-taxi-\d+-pickup_count, .* 0 rejected/)

    const refused = await taxi(...['--no-replay', '--kinesis', stream.url, ...where]).ended
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.error).toMatch(
      /^error: s3:\/\/taxi\/nyc\/trips holds trips of another run: give another --s3, .*\n$/,
    )
    if (REAL !== undefined) await expectDashboardAnswers(REAL, prefix, stream.golden)
  })

  it('what cannot be read goes below --s3, and what OpenSearch does not take too', { timeout: 60_000 }, async () => {
    const { server: kinesis, client } = await localKinesis()
    const trip = {
      type: 'trip',
      ...{ pickup_latitude: 40.75, pickup_longitude: -73.99, dropoff_latitude: 40.7, dropoff_longitude: -73.95 },
      ...{ pickup_datetime: '2016-01-15T08:00:00Z', dropoff_datetime: '2016-01-15T08:10:00Z' },
    }
    const Records = ['no JSON', JSON.stringify(trip)].map((text) => ({ Data: Buffer.from(text), PartitionKey: 'k' }))
    await client.send(new PutRecordsCommand({ StreamName: 'taxi', Records }))
    const { url } = await anOpenSearch()
    const s3 = await localS3()
    const prefix = freshPrefix(url)
    // An index that somebody made before, in which a location is a number: the template does not change it.
    await fetch(`${url}/${prefix}pickup_count`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ mappings: { properties: { location: { type: 'long' } } } }),
    })
    const out = join(await folderOfTest(), 'out')
    const command = ['--no-replay', '--kinesis', kinesis.url, '--out', out, '--no-report']
    const opensearch = ['--opensearch', url, '--index-prefix', prefix]
    const run = async (...more: readonly string[]): Promise<string> => {
      const options = parseTaxiOptions([...command, ...opensearch, ...more])
      const { result } = await runTaxi(options, { isTTY: false, columns: 80, write: () => true })
      expect(result.status).toBe('finished')
      return describeOutputs(result.progress, options).join('\n')
    }
    expect(await run('--s3', 's3://taxi/nyc', '--s3-endpoint', s3.endpoint)).toMatch(
      /busy_area, 1 rejected\n.*\ns3:\/\/taxi\/nyc\/trips: 1 trips by hour, 0 rejected$/,
    )
    const below = (folder: string): Record<string, unknown>[] =>
      s3
        .keys('taxi', `nyc/${folder}`)
        .filter((key) => key.endsWith('.jsonl'))
        .map((key) => JSON.parse(String(s3.read('taxi', key))) as Record<string, unknown>)
    expect(below('malformed_events')).toMatchObject([{ code: 'RECORD_MALFORMED', raw: btoa('no JSON') }])
    expect(below('rejected_documents/pickup_count')).toMatchObject([{ code: 'OPENSEARCH_DOCUMENT_REJECTED' }])

    await run()
    const rejected = join(out, 'rejected_documents', 'pickup_count')
    const [file] = (await readdir(rejected)).filter((name) => name.endsWith('.jsonl'))
    expect(JSON.parse(await readFile(join(rejected, file!), 'utf8'))).toMatchObject({
      code: 'OPENSEARCH_DOCUMENT_REJECTED',
    })
  })
})

describe('the taxi command says what is missing', () => {
  const NOWHERE = 'http://127.0.0.1:9'
  const none = { opensearch: undefined, s3: undefined, s3Endpoint: undefined, resume: false, fromSavepoint: undefined }

  it('of OpenSearch: where it looked, and how to try it without', async () => {
    await expect(requirePlaces({ ...none, opensearch: NOWHERE })).rejects.toMatchObject({
      code: 'TAXI_OPENSEARCH',
      message: expect.stringMatching(
        /^no OpenSearch answers at http:\/\/127\.0\.0\.1:9 .*npx tidemark dev opensearch$/,
      ),
    })
  })

  it('of S3: the address, the bucket, the key', async () => {
    const s3 = await localS3()
    const failsWith = async (place: string, s3Endpoint: string, message: RegExp) =>
      expect(requirePlaces({ ...none, s3: place, s3Endpoint })).rejects.toMatchObject({
        code: 'TAXI_S3',
        message: expect.stringMatching(message),
      })
    await failsWith('s3://nothing/x', s3.endpoint, /^s3:\/\/nothing\/x: there is no bucket 'nothing' at .*create it/)
    await failsWith(
      's3://taxi/x',
      NOWHERE,
      /no S3 answers at http:\/\/127\.0\.0\.1:9 .*npx tidemark dev s3 --bucket taxi$/,
    )
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong')
    const strict = await startLocalS3({ buckets: ['taxi'], credentials: [{ accessKeyId: 'a', secretAccessKey: 'b' }] })
    onTestFinished(() => strict.close())
    await failsWith('s3://taxi/x', strict.endpoint, /does not allow it .*check AWS_ACCESS_KEY_ID/)
    await expect(requirePlaces({ ...none, s3: 's3://taxi/x', s3Endpoint: strict.endpoint })).rejects.toThrow()
  })

  it.each([
    [['--s3', 'taxi/x'], /--s3 is a bucket and a prefix, such as s3:\/\/bucket\/taxi, found 'taxi\/x'/],
    [['--s3', 's3://taxi'], /--s3 is a bucket and a prefix/],
    [['--opensearch', 'search'], /'search' is not the URL of an OpenSearch/],
    [['--index-prefix', 'x-'], /--index-prefix goes with --opensearch/],
  ])('%j', (args, message) => {
    expect(() => parseTaxiOptions(args)).toThrow(message)
  })
})
