import type { EnumeratorContext } from '../../../core/connector.js'
import { sleep } from '../../../core/environment.js'
import { messageOf, TidemarkError } from '../../../core/errors.js'
import { type ConsumerKey, type ConsumerSummary, KinesisApi } from '../api.js'
import type { SharedClient } from '../client.js'
import { failureKind } from '../errors.js'
import type { KinesisNumbers } from '../options.js'
import { retrying } from '../retrying.js'
import type { FanOutSettings } from './options.js'

/** What a checkpoint keeps: what this job may deregister. Another job that is forked from it has another lineage. */
export interface RegistrationState {
  readonly lineage: string
  readonly consumerArns: readonly string[]
}

export interface RegistrationOptions {
  readonly settings: FanOutSettings
  readonly shared: SharedClient
  readonly context: EnumeratorContext
  readonly restored: RegistrationState | undefined
  readonly numbers: Pick<KinesisNumbers, 'callTimeoutMs' | 'retryForMs'>
}

/** Registering takes seconds, deleting some more. */
const READY_WITHIN_MS = 120_000
const FIRST_LOOK_MS = 20
const LONGEST_LOOK_MS = 1000

/**
 * The life of the consumers, with the enumerator that runs once a job. Only what this job has registered is ever
 * deregistered, by its ARN: the ARN has the time of the registration, so it is never a namesake's that others use.
 */
export class ConsumerRegistration {
  readonly #options: RegistrationOptions
  readonly #own: Set<string>
  readonly #ready = new Set<string>()

  constructor(options: RegistrationOptions) {
    this.#options = options
    const { restored, context } = options
    this.#own = new Set(restored?.lineage === context.lineage ? restored.consumerArns : [])
  }

  /**
   * Returns when the stream has the consumer and it is ACTIVE.
   * @throws TidemarkError KINESIS_CONSUMER_LIMIT, KINESIS_CONSUMER_UNUSABLE and those of calls
   */
  async ensure(streamArn: string, signal: AbortSignal): Promise<void> {
    if (this.#ready.has(streamArn)) return
    const { context } = this.#options
    await this.#withApi(signal, async (api, endpoint) => {
      const until = context.environment.clock.monotonic() + READY_WITHIN_MS
      for (let lookAgainMs = FIRST_LOOK_MS; ; lookAgainMs = Math.min(2 * lookAgainMs, LONGEST_LOOK_MS)) {
        const consumer = await this.#findOrRegister(api, streamArn, { endpoint, signal })
        if (consumer?.status === 'ACTIVE') break
        if (context.environment.clock.monotonic() >= until) throw this.#unusable(streamArn, consumer)
        await sleep(context.environment, lookAgainMs, signal)
      }
    })
    this.#ready.add(streamArn)
  }

  snapshot(): RegistrationState {
    return { lineage: this.#options.context.lineage, consumerArns: [...this.#own] }
  }

  /** Once the job has finished: nobody will subscribe again. Never rejects: what is left costs money, not data. */
  async onFinish(): Promise<void> {
    const { settings, context } = this.#options
    if (!('deregister' in settings) || settings.deregister === 'never' || this.#own.size === 0) return
    const { signal } = new AbortController()
    for (const consumerArn of this.#own) {
      try {
        await this.#withApi(signal, (api, endpoint) =>
          this.#retrying(endpoint, signal, `consumer ${consumerArn}`, async () => {
            await api.deregisterConsumer(consumerArn).catch(ignoreMissing)
          }),
        )
        this.#own.delete(consumerArn)
      } catch (thrown) {
        context.logger.warn(`${consumerArn} could not be deregistered`, { cause: messageOf(thrown) })
      }
    }
  }

  /** Undefined: it was registered just now, or is being deleted. */
  async #findOrRegister(
    api: KinesisApi,
    streamArn: string,
    { endpoint, signal }: { readonly endpoint: string; readonly signal: AbortSignal },
  ): Promise<ConsumerSummary | undefined> {
    const { settings } = this.#options
    const where = `consumer ${shownConsumer(settings)} of ${streamArn}`
    const key: ConsumerKey =
      'consumerArn' in settings
        ? { ConsumerARN: settings.consumerArn }
        : { StreamARN: streamArn, ConsumerName: settings.consumerName }
    const found = await this.#retrying(endpoint, signal, where, () =>
      api.describeConsumer(key).catch((thrown: unknown) => {
        if ('consumerArn' in settings) throw thrown
        return ignoreMissing(thrown)
      }),
    )
    if (found !== undefined && 'consumerArn' in settings && found.streamArn !== '' && found.streamArn !== streamArn) {
      throw this.#unusable(streamArn, found)
    }
    if (found !== undefined || 'consumerArn' in settings) return found?.status === 'DELETING' ? undefined : found
    return this.#register(api, streamArn, { endpoint, signal, consumerName: settings.consumerName })
  }

  async #register(
    api: KinesisApi,
    streamArn: string,
    options: { readonly endpoint: string; readonly signal: AbortSignal; readonly consumerName: string },
  ): Promise<undefined> {
    const { consumerName, endpoint, signal } = options
    const where = `consumer ${consumerName} of ${streamArn}`
    const arn = await this.#retrying(endpoint, signal, where, async () => {
      try {
        return await api.registerConsumer(streamArn, consumerName)
      } catch (thrown) {
        // Somebody else was faster: then it is theirs.
        if (failureKind(thrown) === 'inUse') return undefined
        if ((thrown as { readonly name?: unknown }).name === 'LimitExceededException')
          throw this.#limit(streamArn, thrown)
        throw thrown
      }
    })
    if (arn === undefined) return undefined
    this.#own.add(arn)
    this.#options.context.logger.info(`registered the consumer ${arn}`)
    return undefined
  }

  async #withApi<R>(signal: AbortSignal, use: (api: KinesisApi, endpoint: string) => Promise<R>): Promise<R> {
    const { shared, context, numbers } = this.#options
    const { callTimeoutMs } = numbers
    const lease = await shared.lease()
    try {
      const api = new KinesisApi(lease, { environment: context.environment, signal, callTimeoutMs })
      return await use(api, lease.endpoint)
    } finally {
      lease.release()
    }
  }

  #retrying<R>(endpoint: string, signal: AbortSignal, where: string, call: () => Promise<R>): Promise<R> {
    const { environment, operatorId } = this.#options.context
    const { retryForMs } = this.#options.numbers
    return retrying({ environment, operatorId, where, endpoint, retryForMs, signal }, call)
  }

  #unusable(streamArn: string, found: ConsumerSummary | undefined): TidemarkError {
    const { settings, context } = this.#options
    const state = found === undefined ? 'is being deleted' : `is one of ${found.streamArn}, in state ${found.status}`
    return new TidemarkError({
      code: 'KINESIS_CONSUMER_UNUSABLE',
      domain: 'connector',
      operatorId: context.operatorId,
      message:
        `source '${context.operatorId}': the consumer ${shownConsumer(settings)} ${state}; expected an ACTIVE one of ` +
        `${streamArn} within ${READY_WITHIN_MS / 1000} s. Give the ARN of a consumer of this stream, or another name`,
    })
  }

  #limit(streamArn: string, cause: unknown): TidemarkError {
    const { operatorId } = this.#options.context
    return new TidemarkError({
      code: 'KINESIS_CONSUMER_LIMIT',
      domain: 'user',
      operatorId,
      message:
        `source '${operatorId}': ${streamArn} takes no more consumers (${messageOf(cause)}); deregister those that nobody ` +
        'uses, give fanOut the ARN of one that exists, or leave fanOut out to poll',
      cause,
    })
  }
}

function shownConsumer(settings: FanOutSettings): string {
  return 'consumerArn' in settings ? settings.consumerArn : settings.consumerName
}

function ignoreMissing(thrown: unknown): undefined {
  if (failureKind(thrown) !== 'notFound') throw thrown
  return undefined
}
