import { optionInvalid, requireKnownOptions } from '../../../core/options.js'

/**
 * Enhanced fan-out: Kinesis pushes records, with 2 MB/s a shard for this consumer alone, at a price. Either the name of a
 * consumer that the job registers where there is none, or the ARN of one that exists.
 */
export type KinesisFanOut =
  | {
      /** One for each job: of two that use the same, each takes the other's subscriptions. */
      readonly consumerName: string
      /**
       * Whether a consumer that the job has registered goes when the job has finished (its input ended, or was drained).
       * One that existed before never does, and no stop or failure removes one. Default `onFinish`.
       */
      readonly deregister?: 'onFinish' | 'never'
      readonly consumerArn?: undefined
    }
  | { readonly consumerArn: string; readonly consumerName?: undefined; readonly deregister?: undefined }

/** With defaults, checked. */
export type FanOutSettings =
  | { readonly consumerName: string; readonly deregister: 'onFinish' | 'never' }
  | { readonly consumerArn: string }

const NAME = /^[A-Za-z0-9_.-]{1,128}$/
const ARN = /^arn:[^:]+:kinesis:[a-z0-9-]+:\d{12}:stream\/[A-Za-z0-9_.-]{1,128}\/consumer\/[A-Za-z0-9_.-]+:\d+$/
const OPTIONS = { consumerName: true, consumerArn: true, deregister: true } as const

/** @throws TidemarkError OPTION_INVALID */
export function fanOutSettingsOf(fanOut: KinesisFanOut): FanOutSettings {
  if (typeof fanOut !== 'object' || fanOut === null) {
    throw invalid(`is { consumerName } or { consumerArn }, found ${String(fanOut)}`)
  }
  requireKnownOptions('kinesis: fanOut', fanOut, OPTIONS)
  const { consumerName, consumerArn, deregister = 'onFinish' } = fanOut
  if ((consumerName === undefined) === (consumerArn === undefined)) {
    throw invalid('has either consumerName or consumerArn')
  }
  if (consumerArn !== undefined) {
    if (!ARN.test(consumerArn)) {
      throw invalid(
        `.consumerArn is like arn:aws:kinesis:REGION:ACCOUNT:stream/NAME/consumer/NAME:1, found '${consumerArn}'`,
      )
    }
    if (fanOut.deregister !== undefined) throw invalid('.deregister is for a consumer of the job, not for a given one')
    return { consumerArn }
  }
  if (consumerName === undefined || !NAME.test(consumerName)) {
    throw invalid(`.consumerName is 1 to 128 letters, digits, '_', '.' or '-', found '${consumerName}'`)
  }
  if (deregister !== 'onFinish' && deregister !== 'never') {
    throw invalid(`.deregister is 'onFinish' or 'never', found '${String(deregister)}'`)
  }
  return { consumerName, deregister }
}

function invalid(what: string) {
  return optionInvalid('kinesis', `fanOut${what.startsWith('.') ? '' : ' '}${what}`)
}
