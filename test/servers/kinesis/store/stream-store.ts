import type { Clock } from '../../../../core/environment.js'
import { AwsError } from '../aws-error.js'
import { Stream, type StreamMode } from './stream.js'

export const ACCOUNT_ID = '000000000000'
export const REGION = 'us-east-1'

export interface StoreSettings {
  readonly retentionMs: number
  /** For each stream, measured in held segments. */
  readonly retentionBytes: number
  readonly streamCreationMs: number
  readonly shardLimit: number
}

export interface NewStream {
  readonly mode: StreamMode
  readonly shardCount: number
}

export class StreamStore {
  readonly settings: StoreSettings
  readonly #streams = new Map<string, Stream>()
  #lastEpoch = 0

  constructor(settings: StoreSettings) {
    this.settings = settings
  }

  /** @throws AwsError ResourceInUseException, LimitExceededException */
  create(name: string, { mode, shardCount }: NewStream, clock: Clock): Stream {
    if (this.#streams.has(name)) {
      throw new AwsError('ResourceInUseException', `Stream ${name} under account ${ACCOUNT_ID} already exists.`)
    }
    this.checkShardLimit(shardCount)
    this.#lastEpoch = Math.max(this.#lastEpoch + 1, Math.trunc(clock.now()))
    const stream = new Stream({
      name,
      arn: `arn:aws:kinesis:${REGION}:${ACCOUNT_ID}:stream/${name}`,
      epoch: this.#lastEpoch,
      mode,
      shardCount,
      activeAtMonotonicMs: clock.monotonic() + this.settings.streamCreationMs,
      retentionMs: this.settings.retentionMs,
      retentionBytes: this.settings.retentionBytes,
    })
    this.#streams.set(name, stream)
    return stream
  }

  /** @throws AwsError LimitExceededException */
  checkShardLimit(additional: number): void {
    const open = this.all().reduce((sum, stream) => sum + stream.openShards().length, 0)
    if (open + additional <= this.settings.shardLimit) return
    throw new AwsError(
      'LimitExceededException',
      `This request would exceed the shard limit of the local Kinesis. Current shard count: ${open}. ` +
        `Limit: ${this.settings.shardLimit}. Number of additional shards requested: ${additional}.`,
    )
  }

  delete(stream: Stream): void {
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
