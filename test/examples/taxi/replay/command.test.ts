import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ListShardsCommand, ListStreamConsumersCommand } from '@aws-sdk/client-kinesis'
import { startLocalKinesis } from 'tidemark/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeTaxiEvent, formatInstant } from '../../../../examples/taxi/events/index.js'
import { kinesisAt } from '../../../../examples/taxi/replay/index.js'
import { parseReplayOptions } from '../../../../examples/taxi/replay/options.js'
import { parseTaxiOptions } from '../../../../examples/taxi/run/options.js'
import { folderOfTest } from '../end-to-end/folder.js'
import { taxiReplay } from '../end-to-end/process.js'
import { expectMarkersToHold, expectTripsOnce, pairsOfTrips, readShards, START, tripsOf } from './fixture.js'

async function setUp(trips: number, stepMs: number) {
  const server = await startLocalKinesis()
  const client = kinesisAt(server.url)
  onTestFinished(async () => {
    client.destroy()
    await server.close()
  })
  const all = pairsOfTrips(trips, stepMs)
  const folder = await folderOfTest()
  const file = join(folder, 'trips.jsonl')
  await writeFile(file, Buffer.concat(all.map((trip) => encodeTaxiEvent(trip))))
  const where = ['--trips', file, '--kinesis', server.url, '--shards', '2']
  return {
    all,
    client,
    server,
    folder,
    replayer: (...args: readonly string[]) => taxiReplay(...where, ...args),
    shards: () => readShards(client, 'taxi'),
  }
}

describe('taxi:replay', () => {
  it('stops at a signal when its trips have landed, and goes on from its file', { timeout: 60_000 }, async () => {
    const { all, server, folder, replayer, shards } = await setUp(4000, 1000)
    const resume = ['--resume-file', join(folder, 'replay.json'), '--aggregate']
    const first = replayer(...resume, '--speedup', '20')
    const isUnderWay = () => server.stats().streams > 0 && server.stats().records > 3
    expect(await first.reaches(isUnderWay, { what: 'the first trips' })).toBe(true)
    const stopped = await first.kill('SIGTERM')
    expect(stopped).toMatchObject({ code: 130, error: 'error: stopped by SIGTERM\n' })
    const replayed = tripsOf([...(await shards()).values()].flat()).length
    expect(stopped.out).toContain(`replayed ${replayed.toLocaleString('en-US')} trips of`)
    expect(replayed).toBeLessThan(4000)

    const second = await replayer(...resume, '--speedup', 'max').ended
    expect(second).toMatchObject({ code: 0, error: '' })
    expect(second.out).toContain(`going on behind ${replayed.toLocaleString('en-US')} trips`)
    const found = await shards()
    expectTripsOnce(found, all)
    expectMarkersToHold(found)

    const third = await replayer(...resume, '--speedup', 'max').ended
    expect(third).toMatchObject({ code: 0, error: '' })
    expect(third.out).toContain('replay.json: all 4,000 trips have been replayed')
    expect(tripsOf([...(await shards()).values()].flat())).toHaveLength(4000)
  })

  it('seeks, aggregates, registers the consumer and reshards', { timeout: 60_000 }, async () => {
    const { all, client, replayer, shards } = await setUp(4000, 1000)
    const from = START + 500_000
    const options = ['--seek', formatInstant(from), '--aggregate', '--fan-out', '--reshard', '6', '--seed', '7']
    const ended = await replayer(...options, '--speedup', 'max').ended
    expect(ended).toMatchObject({ code: 0, error: '' })
    expect(ended.out).toContain("registered consumer 'taxi-hotspots'")
    expect(ended.out).toContain('replayed 3,000 trips of 4,000 rows')
    expect(ended.out).toContain(`1,000 trips left out: they ended before ${formatInstant(from)}`)
    const [, splits = '', merges = ''] = /resharded meanwhile: (\d+) splits, (\d+) merges/.exec(ended.out) ?? []
    expect(Number(splits) + Number(merges)).toBe(6)
    const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: 'taxi' }))
    expect(Shards).toHaveLength(2 + 2 * Number(splits) + Number(merges))
    expectTripsOnce(
      await shards(),
      all.filter(({ dropoffTime }) => dropoffTime >= from),
    )
    const StreamARN = 'arn:aws:kinesis:us-east-1:000000000000:stream/taxi'
    const { Consumers = [] } = await client.send(new ListStreamConsumersCommand({ StreamARN }))
    expect(Consumers.map(({ ConsumerName }) => ConsumerName)).toEqual(['taxi-hotspots'])
  })
})

describe('the options of the taxi commands', () => {
  const AWS = 'https://kinesis.eu-central-1.amazonaws.com'
  const replaying = ['--trips', 'x', '--kinesis', 'http://127.0.0.1:1']

  it('replay at 6480 times the speed of the day, where nothing else is said', () => {
    expect(parseReplayOptions(replaying)).toMatchObject({
      speedup: 6480,
      orderingBuffer: 1_000_000,
      aggregate: false,
      fanOut: false,
    })
    expect(parseTaxiOptions([])).toMatchObject({ speedup: 'max', aggregate: false, fanOut: false })
  })

  it('split and merge no stream of AWS', () => {
    const message = `it is for a local Kinesis, and --kinesis is ${AWS}`
    expect(() => parseReplayOptions(['--trips', 'x', '--kinesis', AWS, '--reshard', '5'])).toThrow(message)
    expect(() => parseTaxiOptions(['--kinesis', AWS, '--reshard', '5'])).toThrow(message)
    expect(parseTaxiOptions(['--reshard', '5', '--fan-out', '--aggregate'])).toMatchObject({ reshard: 5, seed: 1 })
    expect(parseTaxiOptions(['--kinesis', 'http://127.0.0.1:1', '--no-replay', '--reshard', '5']).reshard).toBe(5)
  })

  it('aggregate only what they replay', () => {
    expect(() => parseTaxiOptions(['--kinesis', 'http://127.0.0.1:1', '--no-replay', '--aggregate'])).toThrow(
      '--aggregate and --no-replay contradict each other',
    )
  })
})
