import { Command } from 'commander'
import { TidemarkError } from 'tidemark'
import { messageOf, openTrips, orderByDropoff } from '../trips/index.js'
import { speedupOf, wholeNumber } from './arguments.js'
import { describeOutcome, describeProgress, kinesisAt, replay, type Speedup, waitForStream } from './index.js'

interface Options {
  readonly trips: readonly string[]
  readonly kinesis: string
  readonly stream: string
  readonly shards: number
  readonly speedup: Speedup
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

function command(): Command {
  return new Command('taxi:replay')
    .description('Puts taxi trips into a Kinesis stream in the order of their drop-off, with watermark markers.')
    .requiredOption('--trips <file...>', 'trip files: CSV of the TLC from 2009 to 2016, or JSON lines; plain or gzip')
    .requiredOption('--kinesis <url>', 'Kinesis to put them into, such as http://127.0.0.1:4567')
    .option('--stream <name>', 'stream, created if it is missing', 'taxi')
    .option('--shards <n>', 'shards of a stream that is created', wholeNumber, 4)
    .option('--speedup <n>', "event time that passes in a second, or 'max'", speedupOf, 'max' as const)
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
}

async function run(options: Options, signal: AbortSignal): Promise<void> {
  const client = kinesisAt(options.kinesis)
  try {
    const source = await openTrips(options.trips)
    const { isNew } = await waitForStream(client, options.stream, { createShards: options.shards, signal })
    if (isNew) print(`created stream '${options.stream}' with ${options.shards} shards`)
    const ordered = orderByDropoff(source.trips)
    const progress = await replay({
      client,
      stream: options.stream,
      trips: ordered.trips,
      speedup: options.speedup,
      onProgress: (now) => print(describeProgress(now)),
      signal,
    })
    for (const line of describeOutcome({ progress, reading: source.reading, outOfOrder: ordered.outOfOrder }))
      print(line)
  } finally {
    client.destroy()
  }
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stop.abort(new TidemarkError({ code: 'REPLAY_STOPPED', domain: 'user', message: `stopped by ${signal}` }))
  })
}

try {
  await run(command().parse().opts<Options>(), stop.signal)
} catch (thrown) {
  process.stderr.write(`error: ${messageOf(thrown)}\n`)
  process.exitCode = stop.signal.aborted ? 130 : 1
}
