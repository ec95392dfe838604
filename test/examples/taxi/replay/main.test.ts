import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { encodeTaxiEvent, type TripEvent } from '../../../../examples/taxi/events/index.js'
import { kinesisAt } from '../../../../examples/taxi/replay/index.js'
import { startLocalKinesis } from '../../../servers/kinesis/index.js'
import { temporaryFolder } from '../trips/files.js'
import { expectMarkersToHold, expectTripsOnce, pairsOfTrips, readShards } from './fixture.js'

const file = temporaryFolder()
const ROOT = resolve(import.meta.dirname, '../../../..')
const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

interface Outcome {
  readonly code: number | string
  readonly out: readonly string[]
  readonly error: readonly string[]
}

/** What `npm run taxi:replay` runs, as a process of its own. */
function replayer(...args: readonly string[]): Promise<Outcome> {
  const lines = (text: string): readonly string[] =>
    text
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
  return new Promise((done) => {
    const command = ['--no-warnings', '--import', 'tsx', 'examples/taxi/replay/main.ts', ...args]
    execFile(process.execPath, command, { cwd: ROOT }, (failure, out, error) =>
      done({ code: failure?.code ?? 0, out: lines(out), error: lines(error) }),
    )
  })
}

const jsonLines = (trips: readonly TripEvent[]): Uint8Array => Buffer.concat(trips.map((trip) => encodeTaxiEvent(trip)))

describe('taxi:replay', () => {
  it('creates the stream, replays files that are not in order, and says what became of the rows', async () => {
    const server = await startLocalKinesis()
    const client = kinesisAt(server.url)
    cleanUps.push(
      () => server.close(),
      () => client.destroy(),
    )
    const trips = pairsOfTrips(3000, 1000)
    const later = await file('later.jsonl', jsonLines(trips.slice(1500)))
    const sooner = await file('sooner.jsonl', Buffer.concat([jsonLines(trips.slice(0, 1500)), Buffer.from('{}\n')]))
    const outcome = await replayer(
      '--trips',
      later,
      sooner,
      '--kinesis',
      server.url,
      '--stream',
      'rides',
      '--shards',
      '3',
    )
    expect(outcome.error).toEqual([])
    expect(outcome.code).toBe(0)
    expect(outcome.out[0]).toBe("created stream 'rides' with 3 shards")
    expect(outcome.out[1]).toMatch(/^replayed 3,000 trips of 3,001 rows in .* s \(.*\/s\), \d+ rounds of markers$/)
    expect(outcome.out.slice(2)).toEqual(['1 row unreadable: a time is missing', `  ${sooner}:1501: ',,,,,'`])
    const shards = await readShards(client, 'rides')
    expect(shards.size).toBe(3)
    expectTripsOnce(shards, trips)
    expect(new Set(expectMarkersToHold(shards))).toEqual(new Set([trips.at(-1)!.dropoffTime]))
  })

  const url = 'http://127.0.0.1:9'
  it.each<[readonly string[], ...RegExp[]]>([
    [['--trips', 'x', '--kinesis', url, '--steam', 'taxi'], /unknown option '--steam'/, /Did you mean --stream\?/],
    [['--kinesis', url], /required option '--trips <file...>' not specified/],
    [
      ['--trips', 'x', '--kinesis', url, '--shards', '0'],
      /'--shards <n>' argument '0' is invalid. Expected a whole number/,
    ],
    [
      ['--trips', 'x', '--kinesis', url, '--speedup', 'fast'],
      /'--speedup <n>' argument 'fast' is invalid. Expected a number/,
    ],
    [
      ['--trips', 'x', '--kinesis', url, '--seek', '2013-01-01'],
      /'--seek <instant>' argument '2013-01-01' is invalid. Expected an instant with its zone/,
    ],
    [['--trips', 'x', '--kinesis', 'nowhere'], /^error: 'nowhere' is not the URL of a Kinesis/],
    [
      ['--trips', '/no/such/file', '--kinesis', url],
      /^error: \/no\/such\/file: cannot be read: there is no such file$/,
    ],
  ])('refuses %o in words, with exit code 1', async (args, ...messages) => {
    const outcome = await replayer(...args)
    expect(outcome.code).toBe(1)
    expect(outcome.out).toEqual([])
    expect(outcome.error.length).toBe(messages.length)
    messages.forEach((message, index) => {
      expect(outcome.error[index]).toMatch(message)
    })
  })
})
