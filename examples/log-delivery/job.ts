import { boundedOutOfOrderness, type DeadLetter, defineJob, type Sink, type Source, seconds } from 'tidemark'
import type { CloudWatchLogEvent } from 'tidemark/decode'
import type { AccessLogLine } from '../decoders/apache.js'

/** A line as a server sent it, or one that a subscription of CloudWatch Logs carries. */
export type LogEvent = AccessLogLine | CloudWatchLogEvent<AccessLogLine>

export interface DeliveredLine {
  /** Epoch milliseconds. */
  readonly at: number
  /** The log group, or `direct` for lines without an envelope. */
  readonly service: string
  /** Without its last part: who it was stays with the server. */
  readonly network: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly bytes: number
}

export interface LogDeliveryOptions {
  readonly events: Source<LogEvent>
  readonly delivered: Sink<DeliveredLine>
  /** Records and lines that could not be decoded. */
  readonly undecodable: Sink<DeadLetter>
}

/** Access logs on their way to a bucket: decoded, without health checks, addresses shortened, requests taken apart. */
export function logDeliveryJob({ events, delivered, undecodable }: LogDeliveryOptions) {
  return defineJob('log-delivery', (job) => {
    const timestamp = (event: LogEvent): number => lineOf(event).at
    const lines = job.from('log-events', events, boundedOutOfOrderness({ timestamp, maxDelay: seconds(60) }))
    lines.malformed.to('undecodable', undecodable)
    lines
      .map(transformed)
      .filter(({ path }) => path !== '/health', { name: 'no health checks' })
      .to('delivered', delivered)
  })
}

const lineOf = (event: LogEvent): AccessLogLine => ('logGroup' in event ? event.message : event)

function transformed(event: LogEvent): DeliveredLine {
  const { at, host, request, status, bytes } = lineOf(event)
  const [method = '', target = ''] = request.split(' ')
  // What stands behind the question mark may be anything that somebody typed.
  const [path = ''] = target.split('?')
  const service = 'logGroup' in event ? event.logGroup.replace(/^.*\//, '') : 'direct'
  return { at, service, network: host.replace(/[.:][^.:]*$/, ''), method, path, status, bytes }
}
