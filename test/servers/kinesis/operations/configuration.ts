import { AwsError } from '../aws-error.js'
import type { Operation } from '../kinesis.js'
import { ARN_RULE, requiredInteger, requiredObject, requiredString } from '../request.js'
import type { Stream } from '../store/stream.js'
import type { StreamMode } from '../store/stream-state.js'
import { ACCOUNT_ID } from '../store/stream-store.js'
import { resolveActiveStream } from './resolve-stream.js'

const HOUR_MS = 3_600_000
const MIN_HOURS = 24
const MAX_HOURS = 8760
/** Far beyond what is valid: what is only out of range gets an error of its own. */
const HOURS_RULE = { min: -2_147_483_648, max: 2_147_483_647 }

export const STREAM_MODES: readonly StreamMode[] = ['PROVISIONED', 'ON_DEMAND']

export const increaseStreamRetentionPeriod: Operation = (kinesis, request) => {
  const hours = requiredInteger(request, 'RetentionPeriodHours', HOURS_RULE)
  const stream = resolveActiveStream(kinesis, request)
  checkHours(hours, stream)
  if (hours * HOUR_MS < stream.configuration.retentionMs) throw wrongDirection(hours, stream, 'shorter', 'Decrease')
  const floorMs = stream.horizonMs(kinesis.environment.clock.now())
  stream.configure({ retentionMs: hours * HOUR_MS, floorMs })
  return undefined
}

export const decreaseStreamRetentionPeriod: Operation = (kinesis, request) => {
  const hours = requiredInteger(request, 'RetentionPeriodHours', HOURS_RULE)
  const stream = resolveActiveStream(kinesis, request)
  checkHours(hours, stream)
  if (hours * HOUR_MS > stream.configuration.retentionMs) throw wrongDirection(hours, stream, 'longer', 'Increase')
  stream.configure({ retentionMs: hours * HOUR_MS })
  return undefined
}

export const updateStreamMode: Operation = (kinesis, request) => {
  requiredString(request, 'StreamARN', ARN_RULE)
  const details = requiredObject(request, 'StreamModeDetails')
  const mode = requiredString(details, 'StreamMode', { oneOf: STREAM_MODES }, 'streamModeDetails.') as StreamMode // oneOf proved it
  resolveActiveStream(kinesis, request).configure({ mode })
  return undefined
}

/** Records are not encrypted, only said to be. */
export const startStreamEncryption: Operation = (kinesis, request) => {
  requiredString(request, 'EncryptionType', { oneOf: ['NONE', 'KMS'] })
  const keyId = requiredString(request, 'KeyId', { min: 1, max: 2048 })
  resolveActiveStream(kinesis, request).configure({ keyId })
  return undefined
}

export const stopStreamEncryption: Operation = (kinesis, request) => {
  requiredString(request, 'EncryptionType', { oneOf: ['NONE', 'KMS'] })
  requiredString(request, 'KeyId', { min: 1, max: 2048 })
  resolveActiveStream(kinesis, request).configure({ keyId: undefined })
  return undefined
}

function checkHours(hours: number, stream: Stream): void {
  const outside = (bound: string, what: string): AwsError =>
    new AwsError(
      'InvalidArgumentException',
      `${bound} retention period for stream ${stream.settings.name} under account ${ACCOUNT_ID}. ` +
        `Requested retention period (${hours} hours) is too ${what}.`,
    )
  if (hours < MIN_HOURS) throw outside(`${MIN_HOURS} hours is the minimum allowed`, 'short')
  if (hours > MAX_HOURS) throw outside(`${MAX_HOURS} hours is the maximum allowed`, 'long')
}

function wrongDirection(hours: number, stream: Stream, comparison: string, instead: string): AwsError {
  return new AwsError(
    'InvalidArgumentException',
    `Requested retention period (${hours} hours) for stream ${stream.settings.name} under account ${ACCOUNT_ID} can not be ` +
      `${comparison} than existing retention period (${stream.configuration.retentionMs / HOUR_MS} hours). ` +
      `Use ${instead}StreamRetentionPeriod API.`,
  )
}
