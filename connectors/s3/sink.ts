import type { DeadLetter, Sink, WriterContext } from '../../core/connector.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { firehoseErrors } from '../file/firehose-errors.js'
import type { FileSinkFormat } from '../file/format.js'
import { type StagedPlace, stagedSink } from '../file/staged/staged-sink.js'
import { type SharedClient, sharedClient } from './client.js'
import { type S3SinkOptions, type S3SinkSettings, s3SinkSettings } from './options.js'
import { S3Requests } from './requests.js'
import { S3Output } from './s3-output.js'
import { S3Storage } from './s3-storage.js'
import type { UploadCommittable } from './upload.js'
import { S3Uploads } from './uploads.js'

/** What `!{firehose:error-output-type}` is. */
const ERROR_CONSTANTS = { 'firehose:error-output-type': 'processing-failed' } as const

/**
 * Rows as objects of a bucket, exactly once: an object appears under its name, whole, when the checkpoint that has all of
 * it completes, and never changes afterwards. A window that fires again for a late record is one more row.
 * Needs `@aws-sdk/client-s3`.
 * @throws TidemarkError OPTION_INVALID
 * @example
 * trips.to('archive', s3Sink({
 *   to: 's3://taxi/trips',
 *   prefix: 'year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/',
 *   format: jsonLines(),
 *   compression: 'gzip',
 * }))
 */
export function s3Sink<T>(options: S3SinkOptions<T>): Sink<T>
export function s3Sink<T>(options: S3SinkOptions<T> & { readonly format: FileSinkFormat<T> }): Sink<T>
export function s3Sink<T>(options: S3SinkOptions<T>): Sink<T> {
  const settings = s3SinkSettings('s3Sink', options)
  const { errorPrefix, staged } = settings
  if (errorPrefix === undefined) return sinkOf(settings)
  const onRejected = { deadLetters: errorSink({ ...options, errorPrefix }) }
  return sinkOf({ ...settings, staged: { ...staged, onRejected } })
}

/** The same bucket and client options, another prefix. */
function errorSink<T>(options: S3SinkOptions<T> & { readonly errorPrefix: string }): Sink<DeadLetter> {
  const { errorPrefix, format, compression, prefix, partitionKeys, eventTime, successMarkers, ...rest } = options
  const { onRejected, maxRows, maxBytes, maxAge, maxInactivity, rollOnCheckpoint, ...common } = rest
  // What is left of the options does not depend on the type of the rows.
  const errors = {
    ...common,
    prefix: errorPrefix,
    eventTime: (letter: DeadLetter) => letter.rejectedAt,
    format: firehoseErrors(),
  } as unknown as S3SinkOptions<DeadLetter>
  return sinkOf(s3SinkSettings('s3Sink: errorPrefix', errors, ERROR_CONSTANTS))
}

function sinkOf<T>(settings: S3SinkSettings<T>): Sink<T> {
  const shared = sharedClient('s3Sink', settings.aws)
  return stagedSink(settings.staged, placeOf(settings, shared))
}

function placeOf<T>(settings: S3SinkSettings<T>, shared: SharedClient): StagedPlace<UploadCommittable> {
  const { location, numbers, encryption, storageClass, staged } = settings
  const attributes = { ...encryption, ...(storageClass !== undefined && { StorageClass: storageClass }) }
  const uploadsOf = async (context: Pick<WriterContext, 'operatorId' | 'environment'>): Promise<S3Uploads> => {
    const lease = await shared.lease()
    return new S3Uploads(new S3Requests({ lease, bucket: location.bucket, context, numbers, encryption }), attributes)
  }
  return {
    kind: 's3',
    shown: location.shown,
    async storage(context, onProgress) {
      const uploads = await uploadsOf(context)
      const { base } = location
      const { partBytes } = numbers
      return new S3Storage(context, { uploads, base, extension: staged.extension, partBytes, onProgress })
    },
    async output(context) {
      return new S3Output(context, await uploadsOf(context), location)
    },
    failed: (thrown, operatorId) =>
      thrown instanceof TidemarkError
        ? thrown
        : new TidemarkError({
            code: 'S3_SINK_FAILED',
            domain: 'connector',
            operatorId,
            retryable: true,
            message: `sink '${operatorId}': ${location.shown}: ${messageOf(thrown)}`,
            cause: thrown,
          }),
  }
}
