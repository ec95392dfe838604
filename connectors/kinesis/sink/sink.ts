import type { Sink } from '../../../core/connector.js'
import { withDeadLetters } from '../../dead-letters/with-dead-letters.js'
import { sharedClient } from '../client.js'
import { shownStream } from '../stream-name.js'
import { type KinesisSinkOptions, sinkSettingsOf } from './options.js'
import { KinesisWriter } from './writer.js'

/**
 * Rows as records of a Kinesis stream. At least once: what a checkpoint contains was acknowledged before, so nothing is
 * lost, and a restart puts the rows since the last checkpoint again; so does a call whose answer got lost.
 * Needs `@aws-sdk/client-kinesis`.
 * @throws TidemarkError OPTION_INVALID
 * @example cells.to('out', kinesisSink({ stream: 'cells', partitionKey: (cell) => cell.key, encode: jsonBytes() }))
 */
export function kinesisSink<T>(options: KinesisSinkOptions<T>): Sink<T> {
  const settings = sinkSettingsOf('kinesisSink', options)
  const shared = sharedClient('kinesisSink', settings.aws)
  const { stream, isOrdered, aggregate, onRejected } = settings
  return withDeadLetters<T>(
    {
      kind: 'kinesis',
      guarantee: 'at-least-once',
      describe: () =>
        [shownStream(stream), isOrdered ? 'in order for each key' : '', aggregate ? 'aggregated' : '']
          .filter((part) => part !== '')
          .join(', '),
      async write(context, reject) {
        return new KinesisWriter<T>({ settings, lease: await shared.lease(), context, reject })
      },
    },
    onRejected,
  )
}
