import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { TidemarkError } from 'tidemark'
import { replaceOutputFolder } from 'tidemark/file'
import { type JobResult, openStore, run, systemEnvironment } from 'tidemark/run'
import { startLocalKinesis } from 'tidemark/testing'
import taxiHotspots, { taxiEvents } from '../job.js'
import { BUSY_AREA, PICKUP_COUNT, TRIP_DURATION } from '../opensearch/indices.js'
import { kinesisAt, waitForStream } from '../replay/index.js'
import { CONSUMER } from '../replay/options.js'
import { generateTrips, openTrips } from '../trips/index.js'
import { follow, type NamedSource, type ReplayOutcome } from './follow.js'
import type { TaxiOptions } from './options.js'
import { requirePlaces } from './places.js'
import type { Output } from './progress.js'
import { pausingAfter } from './stop-after.js'
import { requireEmptyStream } from './stream.js'

const REJECTED = [PICKUP_COUNT, TRIP_DURATION, BUSY_AREA].map((index) => `rejected_documents/${index}`)

/** Folders that a run writes below `--out`. */
const FOLDERS = ['pickup_count', 'trip_duration', 'late_trips', 'malformed_events', ...REJECTED, '.staging']

export interface TaxiRun {
  readonly result: JobResult
  readonly elapsedMs: number
  readonly resumed: boolean
  /** Undefined with --no-replay. */
  readonly replayed: ReplayOutcome | undefined
  /** What was replayed, in words. */
  readonly source: string
}

/** Sets up Kinesis and the replayer, and runs the job until everything is worked off. */
export async function runTaxi(options: TaxiOptions, out: Output): Promise<TaxiRun> {
  const print = (line: string): void => void out.write(`${line}\n`)
  await requirePlaces(options)
  const temporary = options.checkpoints === undefined ? await mkdtemp(join(tmpdir(), 'tidemark-taxi-')) : undefined
  const checkpoints = options.checkpoints ?? (temporary as string)
  const local = options.kinesis === undefined ? await startLocalKinesis() : undefined
  const url = options.kinesis ?? (local?.url as string)
  const client = kinesisAt(url)
  try {
    const source = options.replay ? await openSource(options, print) : undefined
    await prepareStream(client, options)
    const resumed = await prepareFolders(options, checkpoints, print)
    const { stopAfter, savepoint, fromSavepoint } = options
    const isOnS3 = [checkpoints, savepoint, fromSavepoint].some((place) => place?.startsWith('s3://'))
    const stream = {
      kinesis: url,
      stream: options.stream,
      endAt: options.replay ? ('never' as const) : ('tip' as const),
      consumer: options.fanOut ? CONSUMER : undefined,
    }
    let onReached = (): void => {}
    const pausing = stopAfter !== undefined && {
      'taxi-events': pausingAfter(taxiEvents(stream), { trips: stopAfter, onReached: () => onReached() }),
    }
    const handle = await run(taxiHotspots, {
      params: { ...stream, ...outputs(options), watermarks: options.watermarks },
      parallelism: options.parallelism,
      state: options.state,
      checkpoints: {
        to: checkpoints,
        interval: options.checkpointInterval,
        resume: resumed,
        ...(options.s3Endpoint !== undefined && isOnS3 && { s3: { endpoint: options.s3Endpoint } }),
      },
      ...(fromSavepoint === undefined ? {} : { from: fromSavepoint }),
      ...(pausing ? { sources: pausing } : {}),
    })
    if (savepoint !== undefined) {
      onReached = () => {
        // What fails of it ends the job, which tells.
        handle.stop({ savepoint }).catch(() => undefined)
      }
    }
    const started = performance.now()
    const { replayed, result } = await follow(handle, { client, options, source, out })
    return {
      result,
      elapsedMs: performance.now() - started,
      resumed,
      replayed,
      source: source?.name ?? `stream ${options.stream}`,
    }
  } finally {
    client.destroy()
    await local?.close()
    if (temporary) await rm(temporary, { recursive: true, force: true })
  }
}

function outputs({ out, format, opensearch, indexPrefix, s3, s3Endpoint }: TaxiOptions) {
  return {
    ...{ out, format },
    ...(opensearch !== undefined && { opensearch, indexPrefix }),
    ...(s3 !== undefined && { s3: s3.replace(/\/+$/, '') }),
    ...(s3 !== undefined && s3Endpoint !== undefined && { s3Endpoint }),
  }
}

async function openSource(options: TaxiOptions, print: (line: string) => void): Promise<NamedSource> {
  if (options.trips) return { name: options.trips.join(', '), ...(await openTrips(options.trips)) }
  print('no --trips given: making up a day of trips, the same each time')
  return { name: 'a made-up day of trips', trips: generateTrips(), reading: undefined }
}

async function prepareStream(client: KinesisClient, options: TaxiOptions): Promise<void> {
  const { isNew } = await waitForStream(client, options.stream, options.replay ? { createShards: options.shards } : {})
  if (options.replay && !isNew) await requireEmptyStream(client, options.stream)
}

/** Whether the run goes on from a checkpoint. A fresh one begins with empty folders. */
async function prepareFolders(
  options: TaxiOptions,
  checkpoints: string,
  print: (line: string) => void,
): Promise<boolean> {
  const s3 = options.s3Endpoint === undefined ? undefined : { endpoint: options.s3Endpoint }
  const isOnS3 = checkpoints.startsWith('s3://')
  const store = await openStore(checkpoints, { environment: systemEnvironment(), ...(isOnS3 && s3 ? { s3 } : {}) })
  const exist = (await store.list('log/')).length > 0
  if (exist && !options.resume) {
    throw new TidemarkError({
      code: 'CHECKPOINTS_EXIST',
      domain: 'user',
      message: `${checkpoints} holds checkpoints: give --resume to go on from them, or another --checkpoints`,
    })
  }
  // A run that was killed before its first checkpoint leaves a log without one, and no result.
  const isComplete = (await store.list('checkpoints/')).some((name) => name.endsWith('/manifest.json'))
  if (options.resume && !isComplete && options.fromSavepoint === undefined)
    print(`no checkpoint in ${checkpoints}: starting fresh`)
  await store.close()
  if (options.resume && exist) return true
  // What it goes on from has written there.
  if (options.fromSavepoint !== undefined) return false
  await replaceOutputFolder(...FOLDERS.map((folder) => join(options.out, folder)))
  return false
}
