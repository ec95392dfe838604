import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { TidemarkError } from 'tidemark'
import { type JobHandle, type JobResult, stopOnSignals } from 'tidemark/run'
import type { TripEvent } from '../events/index.js'
import { describeOutcome, describeResharded } from '../replay/describe.js'
import { type ReplayProgress, replay, reshard } from '../replay/index.js'
import { orderByDropoff, type TripReading } from '../trips/index.js'
import type { TaxiOptions } from './options.js'
import { type Output, ProgressDisplay, progressLine } from './progress.js'

export interface NamedSource {
  readonly name: string
  readonly trips: AsyncIterable<readonly TripEvent[]>
  readonly reading: TripReading | undefined
}

export interface ReplayOutcome {
  readonly progress: ReplayProgress
  /** Undefined for trips that come from no file. */
  readonly reading: TripReading | undefined
  readonly outOfOrder: number
}

interface Following {
  readonly client: KinesisClient
  readonly options: TaxiOptions
  readonly source: NamedSource | undefined
  readonly out: Output
}

interface Followed {
  readonly replayed: ReplayOutcome | undefined
  readonly result: JobResult
}

/** Replays and reshards beside the running job, shows how far all are, and drains the job behind the last trip. */
export async function follow(handle: JobHandle, { client, options, source, out }: Following): Promise<Followed> {
  const display = new ProgressDisplay(out)
  const abort = new AbortController()
  let replayedTo: number | undefined
  stopOnSignals(handle)
  // A job that has ended, by a signal or a failure, reads no more.
  const end = (): void => abort.abort(new TidemarkError({ code: 'REPLAY_STOPPED', domain: 'user', message: 'stopped' }))
  handle.result.then(end, end)
  const unlessEnded = <Outcome>(work: Promise<Outcome>): Promise<Outcome | undefined> =>
    work.catch((error: unknown) => (abort.signal.aborted ? undefined : Promise.reject(error)))
  const replayAll = async ({ trips, reading }: NamedSource): Promise<ReplayOutcome | undefined> => {
    const ordered = orderByDropoff(trips)
    const replaying = replay({
      client,
      stream: options.stream,
      trips: ordered.trips,
      speedup: options.speedup,
      aggregate: options.aggregate,
      progressEveryMs: 500,
      onProgress: ({ timeReached }) => {
        replayedTo = timeReached
      },
      signal: abort.signal,
    })
    const progress = await unlessEnded(replaying)
    return progress && { progress, reading, outOfOrder: ordered.outOfOrder }
  }
  const stopShowing = showProgress(handle, display, () => replayedTo)
  try {
    const { stream, reshard: times, seed } = options
    const resharding =
      times === undefined ? undefined : unlessEnded(reshard({ client, stream, times, seed, signal: abort.signal }))
    const [replayed, resharded] = await Promise.all([source && replayAll(source), resharding])
    if (replayed) await handle.stop({ drain: 'atTip' })
    const result = await handle.result
    display.end()
    if (replayed) for (const line of describeReplay(replayed)) out.write(`${line}\n`)
    if (resharded) out.write(`${describeResharded(resharded)}\n`)
    return { replayed, result }
  } catch (error) {
    abort.abort(error)
    display.end()
    await handle.cancel().catch(() => undefined)
    throw error
  } finally {
    stopShowing()
  }
}

function showProgress(handle: JobHandle, display: ProgressDisplay, replayedTo: () => number | undefined): () => void {
  let last = { records: 0, at: performance.now() }
  const watching = handle.progress$.subscribe((progress) => {
    const now = performance.now()
    const rate = ((progress.recordsRead - last.records) * 1000) / Math.max(1, now - last.at)
    last = { records: progress.recordsRead, at: now }
    if (progress.status === 'running' || progress.status === 'stopping') {
      display.show(progressLine(progress, rate, replayedTo()))
    }
  })
  return () => watching.unsubscribe()
}

function describeReplay({ progress, reading, outOfOrder }: ReplayOutcome): readonly string[] {
  if (reading) return describeOutcome({ progress, reading, outOfOrder })
  return [`replayed ${progress.acknowledged.toLocaleString('en-US')} trips, ${progress.markerRounds} rounds of markers`]
}
