import { optionInvalid } from '../../core/options.js'

/** The stream by its name, or by its ARN where it lies in another account or region. */
export type StreamOption =
  | { readonly stream: string; readonly streamArn?: undefined }
  | { readonly streamArn: string; readonly stream?: undefined }

/** One stream, or several that are read as one source. */
export type StreamsOption =
  | (StreamOption & { readonly streams?: undefined })
  | {
      /** Names or ARNs, all of one region. */
      readonly streams: readonly string[]
      readonly stream?: undefined
      readonly streamArn?: undefined
    }

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

/** @throws TidemarkError OPTION_INVALID */
export function streamsOf(where: string, options: StreamsOption): readonly StreamName[] {
  const { streams } = options
  if (streams === undefined) return [streamOf(where, options)]
  if ((options.stream ?? options.streamArn) !== undefined) {
    throw optionInvalid(where, 'give stream, streamArn or streams, one of them')
  }
  if (!Array.isArray(streams) || streams.length === 0) {
    throw optionInvalid(where, 'streams is a list of names or ARNs, at least one')
  }
  if (new Set(streams).size < streams.length) throw optionInvalid(where, 'streams names a stream twice')
  const names = streams.map((stream) =>
    streamOf(where, String(stream).startsWith('arn:') ? { streamArn: stream } : { stream }),
  )
  const regions = new Set(names.map(regionOf).filter((region) => region !== undefined))
  if (regions.size > 1) {
    throw optionInvalid(where, `streams lie in one region, found ${[...regions].join(', ')}: make a source for each`)
  }
  return names
}

/** The first ARN, where there is one. */
export function arnAmong(streams: readonly StreamName[]): string | undefined {
  for (const stream of streams) if ('StreamARN' in stream) return stream.StreamARN
  return undefined
}

function regionOf(stream: StreamName): string | undefined {
  return 'StreamARN' in stream ? stream.StreamARN.split(':')[3] : undefined
}

/** For people. */
export function shownStream(stream: StreamName): string {
  return 'StreamName' in stream ? stream.StreamName : stream.StreamARN
}
