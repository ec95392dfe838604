import type { Environment } from '../../../core/environment.js'
import { TidemarkError } from '../../../core/errors.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { readBody } from './http-body.js'
import { type HttpRequest, type HttpResponse, openHttpEndpoint } from './http-endpoint.js'
import type { Kinesis } from './kinesis.js'
import { type Answer, answer, CONTENT_TYPE, errorAnswer } from './protocol.js'
import { MAX_BODY_BYTES } from './quotas.js'
import { StreamStore } from './store/stream-store.js'
import { KINESIS_SHARD_LIMITS, type ShardLimits, ShardThrottles } from './throttle.js'
import { TokenSealer } from './token.js'

export interface LocalKinesisOptions {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default 127.0.0.1. Whoever reaches the port can read and write everything. */
  readonly host?: string
  readonly environment?: Environment
  /** The limits a shard has a second: off by default, `true` for those of Kinesis, or some of them changed. */
  readonly limits?: boolean | Partial<ShardLimits>
  /** How long records can be read. Default 24. */
  readonly retentionHours?: number
  /** Memory for the records of each stream; the oldest go when it is full, and are counted. Default: no bound. */
  readonly retentionBytes?: number
  /** How long a new stream is CREATING. Default 0. */
  readonly streamCreationMs?: number
  /** Open shards over all streams. Default 1000. */
  readonly shardLimit?: number
}

export interface LocalKinesis {
  readonly url: string
  readonly host: string
  readonly port: number
  stats(): LocalKinesisStats
  /** Ends open connections and forgets everything. Closing twice does nothing. */
  close(): Promise<void>
}

export interface LocalKinesisStats {
  readonly streams: number
  /** Records that are held. */
  readonly records: number
  readonly heldBytes: number
  /** Records dropped because they were past the retention time, and because of `retentionBytes`. */
  readonly trimmedByAge: number
  readonly trimmedBySize: number
}

/**
 * Starts a Kinesis in this process, for development and tests. It speaks the JSON protocol over HTTP/1.1 and HTTP/2, so the
 * AWS SDK for JavaScript needs nothing but its URL as `endpoint`, a region and any credentials.
 *
 * @throws TidemarkError KINESIS_PORT_IN_USE, KINESIS_LISTEN_FAILED, KINESIS_OPTION_INVALID
 */
export async function startLocalKinesis(options: LocalKinesisOptions = {}): Promise<LocalKinesis> {
  const kinesis = createKinesis(options)
  const host = options.host ?? '127.0.0.1'
  const endpoint = await openHttpEndpoint(host, validPort(options.port ?? 0), (request, response) => {
    void respond(kinesis, request, response)
  })
  let closed: Promise<void> | undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${endpoint.port}`,
    host,
    port: endpoint.port,
    stats: () => statsOf(kinesis),
    close() {
      closed ??= endpoint.close()
      return closed
    },
  }
}

function createKinesis(options: LocalKinesisOptions): Kinesis {
  const environment = options.environment ?? systemEnvironment()
  const limits = shardLimits(options.limits ?? false)
  return {
    environment,
    streams: new StreamStore({
      retentionMs: positive('retentionHours', options.retentionHours ?? 24) * 3_600_000,
      retentionBytes: positive('retentionBytes', options.retentionBytes ?? Number.POSITIVE_INFINITY),
      streamCreationMs: creationMs(options.streamCreationMs ?? 0),
      shardLimit: positive('shardLimit', options.shardLimit ?? 1000),
    }),
    tokens: new TokenSealer(environment.nonce() + environment.nonce()),
    throttles: limits === undefined ? undefined : new ShardThrottles(limits, environment.clock),
  }
}

function shardLimits(given: boolean | Partial<ShardLimits>): ShardLimits | undefined {
  if (given === false) return undefined
  const limits = given === true ? KINESIS_SHARD_LIMITS : { ...KINESIS_SHARD_LIMITS, ...given }
  for (const [name, value] of Object.entries(limits)) positive(`limits.${name}`, value)
  return limits
}

function positive(option: string, value: number): number {
  if (value > 0) return value
  throw invalidOption(`${option} must be a number greater than 0, found ${value}`)
}

function validPort(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw invalidOption(`port must be a whole number from 0 (any free port) to 65535, found ${port}`)
}

function creationMs(value: number): number {
  if (value >= 0) return value
  throw invalidOption(`streamCreationMs must be a number that is not negative, found ${value}`)
}

function invalidOption(what: string): TidemarkError {
  return new TidemarkError({ code: 'KINESIS_OPTION_INVALID', domain: 'user', message: `local Kinesis: ${what}` })
}

async function respond(kinesis: Kinesis, request: HttpRequest, response: HttpResponse): Promise<void> {
  let result: Answer
  try {
    const body = await readBody(request, MAX_BODY_BYTES)
    result = answer(kinesis, { method: request.method ?? '', headers: request.headers, body })
  } catch (thrown) {
    if (request.errored !== null) return
    result = errorAnswer(thrown)
  }
  const bytes = Buffer.from(result.body)
  response.writeHead(result.status, {
    'content-type': CONTENT_TYPE,
    'content-length': bytes.length,
    'x-amzn-requestid': kinesis.environment.nonce(),
    ...(result.errorType === undefined ? {} : { 'x-amzn-errortype': result.errorType }),
  })
  response.end(bytes)
}

function statsOf({ streams, environment }: Kinesis): LocalKinesisStats {
  const all = streams.all()
  const total = (of: (stream: (typeof all)[number]) => number): number =>
    all.reduce((sum, stream) => sum + of(stream), 0)
  const nowMs = environment.clock.now()
  return {
    streams: all.length,
    records: total((stream) => stream.shards(nowMs).reduce((sum, shard) => sum + shard.log.records, 0)),
    heldBytes: total((stream) => stream.heldBytes),
    trimmedByAge: total((stream) => stream.trimmed.age),
    trimmedBySize: total((stream) => stream.trimmed.size),
  }
}
