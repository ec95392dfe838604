import type { KinesisApi } from '../api.js'
import type { FanOutSettings } from './options.js'

/** The ARN that subscriptions are made with, looked up once for each stream by all readers of a source in this process. */
export class ConsumerLookup {
  readonly #settings: FanOutSettings
  readonly #found = new Map<string, Promise<string>>()

  constructor(settings: FanOutSettings) {
    this.#settings = settings
  }

  /** Throws what the SDK throws. */
  arnOf(api: KinesisApi, streamArn: string): Promise<string> {
    if ('consumerArn' in this.#settings) return Promise.resolve(this.#settings.consumerArn)
    const known = this.#found.get(streamArn)
    if (known) return known
    const key = { StreamARN: streamArn, ConsumerName: this.#settings.consumerName }
    const found = api.describeConsumer(key).then(({ arn }) => arn)
    this.#found.set(streamArn, found)
    found.catch(() => this.#found.delete(streamArn))
    return found
  }

  /** It may have been registered anew, under the same name and another ARN. */
  forget(streamArn: string): void {
    this.#found.delete(streamArn)
  }
}
