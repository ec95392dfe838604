import type { Source } from '../../core/connector.js'
import { sharedClient } from './client.js'
import { KinesisEnumerator } from './enumerator.js'
import { type KinesisOptions, type KinesisStart, settingsOf } from './options.js'
import { PollingFetcher } from './polling-fetcher.js'
import { ShardReader } from './shard-reader.js'
import type { KinesisSplit } from './split.js'
import { shownStream } from './stream-name.js'

/**
 * A Kinesis stream, read by polling; each shard is a split. Timestamps are arrival times unless the job assigns others.
 * Needs `@aws-sdk/client-kinesis`.
 * @throws TidemarkError OPTION_INVALID
 * @example job.from('events', kinesis({ stream: 'taxi', startAt: 'horizon', decode: json(Event) }), watermarks)
 */
export function kinesis<T>(options: KinesisOptions<T>): Source<T> {
  const settings = settingsOf(options)
  const shared = sharedClient('kinesis', settings.aws)
  return {
    kind: 'kinesis',
    bounded: settings.bounded,
    onMalformed: settings.onMalformed,
    describe() {
      return `${shownStream(settings.stream)} from ${describeStart(settings.startAt)}${settings.bounded ? ' to the tip' : ''}`
    },
    enumerate: (context) => new KinesisEnumerator(settings, shared, context),
    async read(split, context) {
      const lease = await shared.lease()
      // Splits come from this source's enumerator, or from a checkpoint of it.
      const reader = new ShardReader(split as KinesisSplit, {
        settings,
        lease,
        context,
        fetcher: (options) => new PollingFetcher(options),
      })
      reader.start()
      return reader
    },
  }
}

function describeStart(start: KinesisStart): string {
  if (typeof start === 'string') return start
  if (start.timestamp !== undefined) return new Date(start.timestamp).toISOString()
  return `positions of ${Object.keys(start.shards).length} shards`
}
