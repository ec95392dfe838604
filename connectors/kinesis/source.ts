import type { Source } from '../../core/connector.js'
import { sharedClient } from './client.js'
import { KinesisEnumerator } from './enumerator.js'
import { ConsumerLookup } from './fan-out/consumer-lookup.js'
import { FanOutFetcher } from './fan-out/fan-out-fetcher.js'
import { type KinesisOptions, type KinesisSettings, type KinesisStart, settingsOf } from './options.js'
import { PollingFetcher } from './polling-fetcher.js'
import type { FetcherOptions, ShardFetcher } from './shard-fetcher.js'
import { ShardReader } from './shard-reader.js'
import type { KinesisSplit } from './split.js'
import { shownStream } from './stream-name.js'

/**
 * A Kinesis stream, read by polling or with enhanced fan-out; each shard is a split. Timestamps are arrival times unless
 * the job assigns others.
 * Needs `@aws-sdk/client-kinesis`.
 * @throws TidemarkError OPTION_INVALID
 * @example job.from('events', kinesis({ stream: 'taxi', startAt: 'horizon', decode: json(Event) }), watermarks)
 */
export function kinesis<T>(options: KinesisOptions<T>): Source<T> {
  const settings = settingsOf(options)
  const shared = sharedClient('kinesis', settings.aws, settings.httpVersion)
  const fetcher = fetcherOf(settings)
  return {
    kind: 'kinesis',
    bounded: settings.bounded,
    onMalformed: settings.onMalformed,
    describe() {
      const range = `from ${describeStart(settings.startAt)}${settings.bounded ? ' to the tip' : ''}`
      return `${shownStream(settings.stream)} ${range}${settings.fanOut ? ', enhanced fan-out' : ''}`
    },
    enumerate: (context) => new KinesisEnumerator(settings, shared, context),
    async read(split, context) {
      const lease = await shared.lease()
      // Splits come from this source's enumerator, or from a checkpoint of it.
      const reader = new ShardReader(split as KinesisSplit, { settings, lease, context, fetcher })
      reader.start()
      return reader
    },
  }
}

function fetcherOf({ fanOut }: KinesisSettings<unknown>): (options: FetcherOptions) => ShardFetcher {
  if (fanOut === undefined) return (options) => new PollingFetcher(options)
  const consumers = new ConsumerLookup(fanOut)
  return (options) => new FanOutFetcher(options, consumers)
}

function describeStart(start: KinesisStart): string {
  if (typeof start === 'string') return start
  if (start.timestamp !== undefined) return new Date(start.timestamp).toISOString()
  return `positions of ${Object.keys(start.shards).length} shards`
}
