import type { Random } from '../../../core/environment.js'
import { AwsError, type AwsErrorType } from './aws-error.js'
import type { KinesisFault } from './faults.js'
import type { KinesisOperationName } from './operations/names.js'

/** The calls that are throttled by the shard. */
const OF_SHARDS: ReadonlySet<KinesisOperationName> = new Set([
  'GetRecords',
  'GetShardIterator',
  'PutRecord',
  'PutRecords',
])

/** The error with which a call fails by a fault; undefined for faults that let it be applied. */
export function errorOfFault(fault: KinesisFault, operation: KinesisOperationName): AwsError | undefined {
  switch (fault.kind) {
    case 'throttle':
      return OF_SHARDS.has(operation)
        ? new AwsError(
            'ProvisionedThroughputExceededException',
            'Rate exceeded for a shard (a fault that was asked for).',
          )
        : new AwsError('LimitExceededException', `Rate exceeded for ${operation} (a fault that was asked for).`)
    case 'kmsThrottle':
      return new AwsError('KMSThrottlingException', 'The rate at which KMS may be called is exceeded.')
    case 'internalError':
      return new AwsError('InternalFailure', 'The request processing has failed because of an unknown error.')
    case 'unavailable':
      return new AwsError('ServiceUnavailableException', 'The service is unavailable; try again.')
    case 'expiredCredentials':
      return new AwsError('ExpiredTokenException', 'The security token included in the request is expired')
    case 'accessDenied':
      return new AwsError('AccessDeniedException', `Not authorized to perform kinesis:${operation}.`)
    case 'expiredIterator':
      return new AwsError('ExpiredIteratorException', 'Iterator expired (a fault that was asked for).')
    case 'error':
      // Names beyond those that this server knows are what the fault is for.
      return new AwsError(fault.type as AwsErrorType, fault.message ?? fault.type, fault.status)
    default:
      return undefined
  }
}

/** For PutRecords: the error of the next record, or undefined if that one is stored. */
export function recordErrors(
  { rate = 1, code }: Extract<KinesisFault, { kind: 'failedRecords' }>,
  random: Random,
): () => AwsError | undefined {
  return () => {
    if (random.next() >= rate) return undefined
    const type = code ?? (random.next() < 0.5 ? 'ProvisionedThroughputExceededException' : 'InternalFailure')
    const message = type === 'InternalFailure' ? 'Internal service failure.' : 'Rate exceeded for a shard.'
    return new AwsError(type, `${message} (a fault that was asked for)`)
  }
}
