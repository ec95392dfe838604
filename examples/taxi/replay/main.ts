import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { TidemarkError } from 'tidemark'
import { parseInstant } from '../events/index.js'
import { messageOf, openTrips, orderByDropoff, tripsFrom } from '../trips/index.js'
import { registerConsumer } from './consumer.js'
import { describeOutcome, describeProgress, describeResharded } from './describe.js'
import { kinesisAt, type ReplayProgress, replay, reshard, waitForStream } from './index.js'
import { CONSUMER, parseReplayOptions, type ReplayCommandOptions } from './options.js'
import { type ReplayIdentity, readResumeFile, writeResumeFile } from './resume-file.js'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

interface Signals {
  /** Finish what is on its way. */
  readonly stop: AbortSignal
  /** Do not even wait for that. */
  readonly signal: AbortSignal
}

async function run(options: ReplayCommandOptions, signals: Signals): Promise<void> {
  const client = kinesisAt(options.kinesis)
  try {
    const source = await openTrips(options.trips)
    const either = AbortSignal.any([signals.stop, signals.signal])
    const { stream, shards } = options
    const { isNew, createdAt } = await waitForStream(client, stream, { createShards: shards, signal: either })
    if (isNew) print(`created stream '${stream}' with ${shards} shards`)
    if (options.fanOut && (await registerConsumer(client, stream, CONSUMER))) print(`registered consumer '${CONSUMER}'`)
    const resume = resumeOf(options, createdAt)
    if (resume?.from?.isComplete) {
      print(`${options.resumeFile}: all ${resume.from.trips.toLocaleString('en-US')} trips have been replayed`)
      return
    }
    if (resume?.from) print(`going on behind ${resume.from.trips.toLocaleString('en-US')} trips`)
    const sought = tripsFrom(source.trips, options.seek === undefined ? 0 : parseInstant(options.seek))
    const ordered = orderByDropoff(sought.trips, { capacity: options.orderingBuffer })
    const progress = await besideReshards({ client, options, signals }, (signal) =>
      replay({
        client,
        stream,
        trips: ordered.trips,
        speedup: options.speedup,
        aggregate: options.aggregate,
        onProgress: (now) => print(describeProgress(now)),
        stop: signals.stop,
        signal,
        ...(resume === undefined ? {} : { onPosition: resume.onPosition }),
        ...(resume?.from === undefined ? {} : { from: resume.from }),
      }),
    )
    const { outOfOrder } = ordered
    const outcome = { progress, reading: source.reading, outOfOrder, before: sought.before, seek: options.seek }
    for (const line of describeOutcome(outcome)) print(line)
  } finally {
    client.destroy()
  }
}

function resumeOf(options: ReplayCommandOptions, streamCreatedAt: number) {
  const { resumeFile: path, stream, trips, seek, orderingBuffer } = options
  if (path === undefined) return undefined
  const identity: ReplayIdentity = { stream, streamCreatedAt, trips, seek, orderingBuffer }
  return {
    from: readResumeFile(path, identity),
    onPosition: (position: Parameters<typeof writeResumeFile>[2]) => writeResumeFile(path, identity, position),
  }
}

interface Beside {
  readonly client: KinesisClient
  readonly options: ReplayCommandOptions
  readonly signals: Signals
}

/** The replay, and the splits and merges that were asked for: the end of either with a failure ends both. */
async function besideReshards(
  { client, options, signals }: Beside,
  replaying: (signal: AbortSignal) => Promise<ReplayProgress>,
): Promise<ReplayProgress> {
  if (options.reshard === undefined) return replaying(signals.signal)
  const failed = new AbortController()
  const signal = AbortSignal.any([signals.signal, failed.signal])
  const { stream, reshard: times, seed } = options
  const resharding = reshard({ client, stream, times, seed, signal: AbortSignal.any([signal, signals.stop]) })
  const isStopped = (): boolean => signals.stop.aborted && !failed.signal.aborted
  const [progress, resharded] = await Promise.all([
    replaying(signal),
    resharding.catch((thrown) => {
      if (isStopped()) return undefined
      failed.abort(thrown)
      throw thrown
    }),
  ]).catch((thrown) => {
    failed.abort(thrown)
    throw thrown
  })
  if (resharded) print(describeResharded(resharded))
  return progress
}

const stop = new AbortController()
const cancel = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    const reason = new TidemarkError({ code: 'REPLAY_STOPPED', domain: 'user', message: `stopped by ${name}` })
    // The second one does not wait for what is on its way.
    if (stop.signal.aborted) cancel.abort(reason)
    else stop.abort(reason)
  })
}

try {
  await run(parseReplayOptions(process.argv.slice(2)), { stop: stop.signal, signal: cancel.signal })
  stop.signal.throwIfAborted()
} catch (thrown) {
  process.stderr.write(`error: ${messageOf(thrown)}\n`)
  process.exitCode = stop.signal.aborted ? 130 : 1
}
