import { join } from 'node:path'
import { expect } from 'vitest'
import type { GoldenResults } from '../../../golden/taxi/results.js'
import { bundled } from '../../../setup/bundled.js'
import { folderOfTest } from './folder.js'
import { writeMadeUpTrips } from './made-up-trips.js'
import { Process, taxi, taxiReplay, tidemark } from './process.js'

const SLOW_KINESIS = await bundled('test/examples/taxi/end-to-end/dev-kinesis.ts')

export interface StreamOptions {
  readonly trips: number
  readonly seed: number
  readonly shards: number
  /** What each shard gives in a second to who polls. Undefined: all there is, by `tidemark dev kinesis`. */
  readonly readBytes: number | undefined
}

/** A local Kinesis in a process of its own, with trips in its stream `taxi`, and a job that reads them. */
export interface StreamOfTrips {
  readonly url: string
  readonly golden: GoldenResults
  readonly out: string
  readonly checkpoints: string
  /** Starts the job alone. */
  job(...args: readonly string[]): Process
}

export async function streamOfTrips(options: StreamOptions): Promise<StreamOfTrips> {
  const folder = await folderOfTest()
  const trips = join(folder, 'trips.jsonl')
  const golden = await writeMadeUpTrips(trips, options)
  const server =
    options.readBytes === undefined
      ? tidemark('dev', 'kinesis', '--port', '0')
      : new Process(SLOW_KINESIS, [String(options.readBytes)])
  expect(await server.reaches(() => /^ready \S+\n/.test(server.out), { what: 'the local Kinesis to listen' })).toBe(
    true,
  )
  const url = server.out.slice('ready '.length).trim()
  const replayed = await taxiReplay(
    '--trips',
    trips,
    '--kinesis',
    url,
    '--speedup',
    'max',
    '--shards',
    String(options.shards),
  ).ended
  expect(replayed).toMatchObject({ code: 0, error: '' })
  const out = join(folder, 'out')
  const checkpoints = join(folder, 'checkpoints')
  const where = ['--no-replay', '--kinesis', url, '--checkpoints', checkpoints, '--out', out, '--no-report']
  return { url, golden, out, checkpoints, job: (...args) => taxi(...where, ...args) }
}
