import { optionInvalid } from '../../core/options.js'

/** The stream by its name, or by its ARN where it lies in another account or region. */
export type StreamOption =
  | { readonly stream: string; readonly streamArn?: undefined }
  | { readonly streamArn: string; readonly stream?: undefined }

/** As requests carry it. */
export type StreamName = { readonly StreamName: string } | { readonly StreamARN: string }

const ARN = /^arn:[^:]+:kinesis:[a-z0-9-]+:\d{12}:stream\/[A-Za-z0-9_.-]{1,128}$/
const NAME = /^[A-Za-z0-9_.-]{1,128}$/

/** @throws TidemarkError OPTION_INVALID */
export function streamOf(where: string, options: StreamOption): StreamName {
  if ((options.stream === undefined) === (options.streamArn === undefined)) {
    throw optionInvalid(where, 'give either stream (a name) or streamArn')
  }
  if (options.streamArn !== undefined) {
    if (ARN.test(options.streamArn)) return { StreamARN: options.streamArn }
    throw optionInvalid(
      where,
      `streamArn is like arn:aws:kinesis:eu-west-1:123456789012:stream/taxi, found '${options.streamArn}'`,
    )
  }
  if (NAME.test(options.stream)) return { StreamName: options.stream }
  throw optionInvalid(where, `stream is 1 to 128 letters, digits, '_', '.' or '-', found '${options.stream}'`)
}

/** For people. */
export function shownStream(stream: StreamName): string {
  return 'StreamName' in stream ? stream.StreamName : stream.StreamARN
}
