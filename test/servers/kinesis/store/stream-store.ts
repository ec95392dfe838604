import type { Clock } from '../../../../core/environment.js'
import { AwsError } from '../aws-error.js'
import { Stream, type StreamSettings } from './stream.js'
import type { StreamMode, StreamState } from './stream-state.js'

export const ACCOUNT_ID = '000000000000'
export const REGION = 'us-east-1'

export interface StoreSettings {
  readonly retentionMs: number
  /** For each stream, measured in held segments. */
  readonly retentionBytes: number
  readonly streamCreationMs: number
  readonly shardLimit: number
}

export interface StreamKeeper {
  load(make: (state: StreamState) => Stream): readonly Stream[]
  add(stream: Stream): void
  remove(stream: Stream): void
}

export interface NewStream {
  readonly mode: StreamMode
  readonly shardCount: number
  readonly tags: Readonly<Record<string, string>>
}

export class StreamStore {
  readonly settings: StoreSettings
  readonly #streams = new Map<string, Stream>()
  readonly #keeper: StreamKeeper | undefined
  #lastEpoch = 0

  /** `keeper`: where streams outlive the process. */
  constructor(settings: StoreSettings, keeper?: StreamKeeper) {
    this.settings = settings
    this.#keeper = keeper
  }

  /** The streams of an earlier process. Those that were in creation are active. */
  load(clock: Clock): void {
    const { retentionBytes } = this.settings
    const make = (state: StreamState): Stream => {
      const { name, epoch, configuration } = state
      const settings = { name, arn: arnOf(name), epoch, activeAtMonotonicMs: Number.NEGATIVE_INFINITY, retentionBytes }
      return new Stream(settings, configuration).restore(state)
    }
    for (const stream of this.#keeper?.load(make) ?? []) {
      this.#streams.set(stream.settings.name, stream)
      this.#lastEpoch = Math.max(this.#lastEpoch, stream.settings.epoch)
      for (const shard of stream.shards(clock.now())) stream.trim(shard, clock.now())
    }
  }

  /** @throws AwsError ResourceInUseException, LimitExceededException */
  create(name: string, { mode, shardCount, tags }: NewStream, clock: Clock): Stream {
    if (this.#streams.has(name)) {
      throw new AwsError('ResourceInUseException', `Stream ${name} under account ${ACCOUNT_ID} already exists.`)
    }
    this.checkShardLimit(shardCount)
    this.#lastEpoch = Math.max(this.#lastEpoch + 1, Math.trunc(clock.now()))
    const { retentionMs, streamCreationMs, retentionBytes } = this.settings
    const settings: StreamSettings = {
      name,
      arn: arnOf(name),
      epoch: this.#lastEpoch,
      activeAtMonotonicMs: clock.monotonic() + streamCreationMs,
      retentionBytes,
    }
    const stream = new Stream(settings, { mode, retentionMs, floorMs: 0, keyId: undefined, tags }).open(shardCount)
    this.#keeper?.add(stream)
    this.#streams.set(name, stream)
    return stream
  }

  get openShards(): number {
    return this.all().reduce((sum, stream) => sum + stream.openShards().length, 0)
  }

  hasRoomForShards(additional: number): boolean {
    return this.openShards + additional <= this.settings.shardLimit
  }

  /** @throws AwsError LimitExceededException */
  checkShardLimit(additional: number): void {
    if (this.hasRoomForShards(additional)) return
    throw new AwsError(
      'LimitExceededException',
      `This request would exceed the shard limit of the local Kinesis. Current shard count: ${this.openShards}. ` +
        `Limit: ${this.settings.shardLimit}. Number of additional shards requested: ${additional}.`,
    )
  }

  delete(stream: Stream): void {
    this.#keeper?.remove(stream)
    this.#streams.delete(stream.settings.name)
  }

  find(name: string): Stream | undefined {
    return this.#streams.get(name)
  }

  /** In the order of their names. */
  all(): readonly Stream[] {
    return [...this.#streams.values()].sort((a, b) => (a.settings.name < b.settings.name ? -1 : 1))
  }
}

function arnOf(name: string): string {
  return `arn:aws:kinesis:${REGION}:${ACCOUNT_ID}:stream/${name}`
}
