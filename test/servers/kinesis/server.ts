import type { Environment } from '../../../core/environment.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { Directory } from './durable/directory.js'
import { Subscriptions } from './fan-out/subscriptions.js'
import { createKinesisFaultPlan, type KinesisFault, type KinesisFaults } from './faults.js'
import { openHttpEndpoint } from './http-endpoint.js'
import type { Kinesis } from './kinesis.js'
import { OnDemandGrowth } from './on-demand.js'
import { type LocalKinesisOptions, type Settings, settingsOf } from './options.js'
import { respond, type Service } from './respond.js'
import { StreamStore } from './store/stream-store.js'
import { ShardThrottles } from './throttle.js'
import { TokenSealer } from './token.js'

export interface LocalKinesis {
  readonly url: string
  readonly host: string
  readonly port: number
  readonly faults: KinesisFaults
  /** Every iterator given out so far expires. */
  expireIterators(): void
  /** Breaks the connections of all open subscriptions. Returns how many there were. */
  dropSubscriptions(): number
  stats(): LocalKinesisStats
  /** Ends open connections and forgets everything that is not in a directory. Closing twice does nothing. */
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
  /** How often each kind of fault was injected. */
  readonly faults: Readonly<Partial<Record<KinesisFault['kind'], number>>>
}

/** Of the files in a directory. */
const FILE_BYTES = 64 * 1024 * 1024

/**
 * Starts a Kinesis in this process, for development and tests. It speaks the JSON protocol over HTTP/1.1 and HTTP/2, so the
 * AWS SDK for JavaScript needs nothing but its URL as `endpoint`, a region and any credentials.
 *
 * @throws TidemarkError KINESIS_PORT_IN_USE, KINESIS_LISTEN_FAILED, KINESIS_OPTION_INVALID, KINESIS_DIRECTORY_IN_USE,
 *   KINESIS_DIRECTORY_DAMAGED, KINESIS_DIRECTORY_FAILED
 */
export async function startLocalKinesis(options: LocalKinesisOptions = {}): Promise<LocalKinesis> {
  const closing = new AbortController()
  const service = createService(options, closing.signal)
  const { kinesis, faults, directory } = service
  const host = options.host ?? '127.0.0.1'
  const endpoint = await openHttpEndpoint(host, options.port ?? 0, (request, response) => {
    void respond(service, request, response)
  }).catch((thrown: unknown) => {
    directory?.close()
    throw thrown
  })
  let closed: Promise<void> | undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${endpoint.port}`,
    host,
    port: endpoint.port,
    faults,
    expireIterators: () => void kinesis.iterators.generation++,
    dropSubscriptions() {
      const { active } = kinesis.subscriptions
      for (const subscription of active) subscription.drop()
      return active.length
    },
    stats: () => statsOf(service),
    close() {
      closing.abort()
      closed ??= endpoint.close().then(() => directory?.close())
      return closed
    },
  }
}

function createService(options: LocalKinesisOptions, closed: AbortSignal): Service {
  const settings = settingsOf(options)
  const environment = options.environment ?? systemEnvironment()
  const newSecret = (): string => environment.nonce() + environment.nonce()
  const { fsync = false } = options
  const directory =
    options.directory === undefined
      ? undefined
      : new Directory({ path: options.directory, fsync, fileBytes: FILE_BYTES, newSecret })
  const random = options.random ?? environment.random
  return {
    kinesis: createKinesis(environment, settings, directory),
    directory,
    faults: createKinesisFaultPlan(random, options.faults),
    random,
    latencyMs: options.latencyMs ?? 0,
    closed,
  }
}

function createKinesis(environment: Environment, settings: Settings, directory: Directory | undefined): Kinesis {
  const { limits } = settings
  const streams = new StreamStore(settings.store, directory)
  try {
    streams.load(environment.clock)
  } catch (thrown) {
    directory?.close()
    throw thrown
  }
  return {
    environment,
    streams,
    tokens: new TokenSealer(directory?.secret ?? environment.nonce() + environment.nonce()),
    throttles: limits === undefined ? undefined : new ShardThrottles(limits, environment.clock),
    consumerDelays: settings.consumerDelays,
    subscriptions: new Subscriptions(environment, settings.subscriptions),
    growth: new OnDemandGrowth(environment.clock, {
      windowMs: settings.onDemandWindowMs,
      hasRoom: () => streams.hasRoomForShards(1),
    }),
    iterators: { generation: 1 },
    ...(directory === undefined ? {} : { commit: () => directory.commit() }),
  }
}

function statsOf({ kinesis, faults }: Service): LocalKinesisStats {
  const { streams, subscriptions, environment } = kinesis
  const all = streams.all()
  const total = (of: (stream: (typeof all)[number]) => number): number =>
    all.reduce((sum, stream) => sum + of(stream), 0)
  const nowMs = environment.clock.now()
  return {
    streams: all.length,
    records: total((stream) => stream.shards(nowMs).reduce((sum, shard) => sum + shard.log.records, 0)),
    heldBytes: total((stream) => stream.heldBytes),
    subscriptions: subscriptions.active.length,
    faults: faults.injected(),
    trimmedByAge: total((stream) => stream.trimmed.age),
    trimmedBySize: total((stream) => stream.trimmed.size),
  }
}
