import { z } from 'zod'
import { decodeUtf8, type ManyDecoder, type RecordMeta, validateWith } from '../../core/decode/index.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { optionInvalid, requireKnownOptions } from '../../core/options.js'
import { inflate, MAX_INFLATED_BYTES } from './gunzip.js'

/** One event of a log, with where it comes from. */
export interface CloudWatchLogEvent<out M = string> {
  /** The account that the log is of. */
  readonly owner: string
  readonly logGroup: string
  readonly logStream: string
  readonly subscriptionFilters: readonly string[]
  /** Unique in its log group. */
  readonly id: string
  /** Epoch milliseconds. */
  readonly timestamp: number
  /** The text of the event, or what the decoder `message` makes of it. */
  readonly message: M
  /** Where the subscription's filter pattern names fields. */
  readonly extractedFields: Readonly<Record<string, string>> | undefined
}

export interface CloudWatchLogsOptions<M> {
  /** Decodes the text of each event, such as `json(schema)`. Default: it stays text. */
  readonly message?: (bytes: Uint8Array, record: RecordMeta) => M
  /** What a record may inflate to. Default 16 MiB. */
  readonly maxBytes?: number
}

/** "Real-time processing of log data with subscriptions", Amazon CloudWatch Logs user guide. */
const envelopeOf = validateWith(
  z.discriminatedUnion('messageType', [
    z.object({
      messageType: z.literal('DATA_MESSAGE'),
      owner: z.string(),
      logGroup: z.string(),
      logStream: z.string(),
      subscriptionFilters: z.array(z.string()),
      logEvents: z.array(z.unknown()),
    }),
    z.object({ messageType: z.literal('CONTROL_MESSAGE') }),
  ]),
)

const eventOf = validateWith(
  z.object({
    id: z.string(),
    timestamp: z.number(),
    message: z.string(),
    extractedFields: z.record(z.string(), z.string()).optional(),
  }),
)

/**
 * What a subscription of CloudWatch Logs puts into a stream: gzip around an envelope of log events. Each event is a
 * value, with the group and stream that it comes from; the control messages that AWS sends now and then have none.
 * @example kinesis({ stream: 'logs', startAt: 'horizon', decode: cloudWatchLogs({ message: json(AccessLog) }) })
 */
export function cloudWatchLogs<M = string>(options: CloudWatchLogsOptions<M> = {}): ManyDecoder<CloudWatchLogEvent<M>> {
  requireKnownOptions('cloudWatchLogs', options, { message: true, maxBytes: true })
  const { message, maxBytes = MAX_INFLATED_BYTES } = options
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) {
    throw optionInvalid('cloudWatchLogs', `maxBytes is a whole number above 0, found ${maxBytes}`)
  }
  return {
    *pieces(record) {
      const envelope = envelopeOf(parse(inflate(record, maxBytes)))
      if (envelope.messageType === 'CONTROL_MESSAGE') return
      const { messageType: _, logEvents, ...context } = envelope
      for (const found of logEvents) {
        yield {
          get bytes() {
            return encode(JSON.stringify(found))
          },
          decode(meta) {
            const { message: text, ...event } = eventOf(found)
            // Without a decoder M is string: that is its default.
            const decoded = message ? message(encode(text), meta) : (text as M)
            return { ...context, ...event, message: decoded, extractedFields: event.extractedFields }
          },
        }
      }
    },
  }
}

const encoder = new TextEncoder()
const encode = (text: string): Uint8Array => encoder.encode(text)

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes))
  } catch (thrown) {
    if (thrown instanceof TidemarkError) throw thrown
    // The parser's message quotes the record.
    const position = /at position (\d+)/.exec(messageOf(thrown))?.[1]
    throw new TidemarkError({
      code: 'RECORD_MALFORMED',
      domain: 'user',
      message: `expected the JSON of a subscription${position === undefined ? '' : `, found something else at character ${position}`}`,
    })
  }
}
