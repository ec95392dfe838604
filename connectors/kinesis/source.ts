import type { Source } from '../../core/connector.js'
import { sharedClient } from './client.js'
import { type FirstStarts, KinesisEnumerator } from './enumerator.js'
import { ConsumerLookup } from './fan-out/consumer-lookup.js'
import { FanOutFetcher } from './fan-out/fan-out-fetcher.js'
import { type KinesisOptions, type KinesisSettings, settingsOf } from './options.js'
import { PollingFetcher } from './polling-fetcher.js'
import type { KinesisEnd, KinesisStart } from './positions.js'
import type { FetcherOptions, ShardFetcher } from './shard-fetcher.js'
import { withAskedEnd } from './shard-list.js'
import { ShardReader } from './shard-reader.js'
import type { KinesisSplit } from './split.js'
import { shownStream } from './stream-name.js'

/**
 * A Kinesis stream, or several, read by polling or with enhanced fan-out; each shard is a split, read behind those it
 * was split or merged from. Timestamps are arrival times unless the job assigns others.
 * Needs `@aws-sdk/client-kinesis`.
 * @throws TidemarkError OPTION_INVALID
 * @example job.from('events', kinesis({ stream: 'taxi', startAt: 'horizon', decode: json(Event) }), watermarks)
 */
export function kinesis<T>(options: KinesisOptions<T>): Source<T> {
  const settings = settingsOf(options)
  const shared = sharedClient('kinesis', settings.aws, settings.httpVersion)
  const fetcher = fetcherOf(settings)
  const firstStarts: FirstStarts = new Map()
  return {
    kind: 'kinesis',
    bounded: settings.endAt !== undefined,
    splitsHaveParents: true,
    onMalformed: settings.onMalformed,
    describe() {
      const end = settings.endAt === undefined ? '' : ` to ${describePosition(settings.endAt)}`
      const range = `from ${describePosition(settings.startAt)}${end}`
      return `${settings.streams.map(shownStream).join(', ')} ${range}${settings.fanOut ? ', enhanced fan-out' : ''}`
    },
    enumerate: (context) => new KinesisEnumerator({ settings, shared, context, firstStarts }),
    async read(split, context) {
      const lease = await shared.lease()
      // Splits come from this source's enumerator, or from a checkpoint of it.
      const reader = new ShardReader(withAskedEnd(split as KinesisSplit, settings), {
        settings,
        lease,
        context,
        fetcher,
      })
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

function describePosition(position: KinesisStart | KinesisEnd): string {
  if (position === 'tip') return 'the tip'
  if (typeof position === 'string') return position
  if (position.timestamp !== undefined) return new Date(position.timestamp).toISOString()
  return `positions of ${Object.keys(position.shards).length} shards`
}
