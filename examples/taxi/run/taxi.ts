import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { TidemarkError } from 'tidemark'
import { replaceOutputFolder } from 'tidemark/file'
import { type JobHandle, type JobResult, openStore, run, stopOnSignals, systemEnvironment } from 'tidemark/run'
import { startLocalKinesis } from 'tidemark/testing'
import type { TripEvent } from '../events/index.js'
import taxiHotspots, { taxiEvents } from '../job.js'
import { describeOutcome, kinesisAt, type ReplayProgress, replay, waitForStream } from '../replay/index.js'
import { generateTrips, openTrips, orderByDropoff, type TripReading } from '../trips/index.js'
import type { TaxiOptions } from './options.js'
import { type Output, ProgressDisplay, progressLine } from './progress.js'
import { pausingAfter } from './stop-after.js'
import { requireEmptyStream } from './stream.js'

/** Folders that a run writes below `--out`. */
const FOLDERS = ['pickup_count', 'trip_duration', 'late_trips', 'malformed_events', '.staging']

export interface TaxiRun {
  readonly result: JobResult
  readonly elapsedMs: number
  readonly resumed: boolean
  /** Undefined with --no-replay. */
  readonly replayed: ReplayOutcome | undefined
  /** What was replayed, in words. */
  readonly source: string
}

interface ReplayOutcome {
  readonly progress: ReplayProgress
  /** Undefined for trips that come from no file. */
  readonly reading: TripReading | undefined
  readonly outOfOrder: number
}

/** Sets up Kinesis and the replayer, and runs the job until everything is worked off. */
export async function runTaxi(options: TaxiOptions, out: Output): Promise<TaxiRun> {
  const print = (line: string): void => void out.write(`${line}\n`)
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
    const stream = { kinesis: url, stream: options.stream, endAt: options.replay ? 'never' : 'tip' } as const
    let onReached = (): void => {}
    const pausing = stopAfter !== undefined && {
      'taxi-events': pausingAfter(taxiEvents(stream), { trips: stopAfter, onReached: () => onReached() }),
    }
    const handle = await run(taxiHotspots, {
      params: { ...stream, out: options.out, format: options.format, watermarks: options.watermarks },
      parallelism: options.parallelism,
      state: options.state,
      checkpoints: {
        to: checkpoints,
        interval: options.checkpointInterval,
        resume: resumed,
        ...(options.s3Endpoint === undefined ? {} : { s3: { endpoint: options.s3Endpoint } }),
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

interface NamedSource {
  readonly name: string
  readonly trips: AsyncIterable<readonly TripEvent[]>
  readonly reading: TripReading | undefined
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

interface Following {
  readonly client: KinesisClient
  readonly options: TaxiOptions
  readonly source: NamedSource | undefined
  readonly out: Output
}

/** Replays beside the running job, shows how far both are, and drains the job behind the last trip. */
async function follow(
  handle: JobHandle,
  { client, options, source, out }: Following,
): Promise<{ replayed: ReplayOutcome | undefined; result: JobResult }> {
  const display = new ProgressDisplay(out)
  const abort = new AbortController()
  let replayedTo: number | undefined
  stopOnSignals(handle)
  // A job that has ended, by a signal or a failure, reads no more.
  const end = (): void => abort.abort(new TidemarkError({ code: 'REPLAY_STOPPED', domain: 'user', message: 'stopped' }))
  handle.result.then(end, end)
  let last = { records: 0, at: performance.now() }
  const watching = handle.progress$.subscribe((progress) => {
    const now = performance.now()
    const rate = ((progress.recordsRead - last.records) * 1000) / Math.max(1, now - last.at)
    last = { records: progress.recordsRead, at: now }
    if (progress.status === 'running' || progress.status === 'stopping') {
      display.show(progressLine(progress, rate, replayedTo))
    }
  })
  try {
    let replayed: ReplayOutcome | undefined
    if (source) {
      const ordered = orderByDropoff(source.trips)
      const progress = await replay({
        client,
        stream: options.stream,
        trips: ordered.trips,
        speedup: options.speedup,
        progressEveryMs: 500,
        onProgress: ({ timeReached }) => {
          replayedTo = timeReached
        },
        signal: abort.signal,
      }).catch((error: unknown) => (abort.signal.aborted ? undefined : Promise.reject(error)))
      if (progress) {
        replayed = { progress, reading: source.reading, outOfOrder: ordered.outOfOrder }
        await handle.stop({ drain: 'atTip' })
      }
    }
    const result = await handle.result
    display.end()
    if (replayed) {
      for (const line of describeReplay(replayed)) out.write(`${line}\n`)
    }
    return { replayed, result }
  } catch (error) {
    display.end()
    await handle.cancel().catch(() => undefined)
    throw error
  } finally {
    watching.unsubscribe()
  }
}

function describeReplay({ progress, reading, outOfOrder }: ReplayOutcome): readonly string[] {
  if (reading) return describeOutcome({ progress, reading, outOfOrder })
  return [`replayed ${progress.acknowledged.toLocaleString('en-US')} trips, ${progress.markerRounds} rounds of markers`]
}
