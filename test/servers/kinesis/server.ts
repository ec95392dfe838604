import { systemEnvironment } from '../../../runtime/environment/system.js'
import { Subscriptions } from './fan-out/subscriptions.js'
import { openHttpEndpoint } from './http-endpoint.js'
import type { Kinesis } from './kinesis.js'
import { type LocalKinesisOptions, settingsOf } from './options.js'
import { respond } from './respond.js'
import { StreamStore } from './store/stream-store.js'
import { ShardThrottles } from './throttle.js'
import { TokenSealer } from './token.js'

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
  /** Subscriptions of SubscribeToShard that are open. */
  readonly subscriptions: number
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
  const endpoint = await openHttpEndpoint(host, options.port ?? 0, (request, response) => {
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
  const settings = settingsOf(options)
  const environment = options.environment ?? systemEnvironment()
  const { limits } = settings
  return {
    environment,
    streams: new StreamStore(settings.store),
    tokens: new TokenSealer(environment.nonce() + environment.nonce()),
    throttles: limits === undefined ? undefined : new ShardThrottles(limits, environment.clock),
    consumerDelays: settings.consumerDelays,
    subscriptions: new Subscriptions(environment, settings.subscriptions),
  }
}

function statsOf({ streams, subscriptions, environment }: Kinesis): LocalKinesisStats {
  const all = streams.all()
  const total = (of: (stream: (typeof all)[number]) => number): number =>
    all.reduce((sum, stream) => sum + of(stream), 0)
  const nowMs = environment.clock.now()
  return {
    streams: all.length,
    records: total((stream) => stream.shards(nowMs).reduce((sum, shard) => sum + shard.log.records, 0)),
    heldBytes: total((stream) => stream.heldBytes),
    subscriptions: subscriptions.active.length,
    trimmedByAge: total((stream) => stream.trimmed.age),
    trimmedBySize: total((stream) => stream.trimmed.size),
  }
}
