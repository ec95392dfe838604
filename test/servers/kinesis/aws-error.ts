/** The errors of the Kinesis API that this server answers with; the names are the wire's `__type`. */
export type AwsErrorType =
  | 'AccessDeniedException'
  | 'ExpiredIteratorException'
  | 'ExpiredNextTokenException'
  | 'ExpiredTokenException'
  | 'InternalFailure'
  | 'InvalidArgumentException'
  | 'KMSThrottlingException'
  | 'LimitExceededException'
  | 'MissingAuthenticationTokenException'
  | 'ProvisionedThroughputExceededException'
  | 'RequestEntityTooLargeException'
  | 'ResourceInUseException'
  | 'ResourceNotFoundException'
  | 'SerializationException'
  | 'ServiceUnavailableException'
  | 'UnknownOperationException'
  | 'ValidationException'

const STATUS: Partial<Record<AwsErrorType, number>> = {
  AccessDeniedException: 403,
  InternalFailure: 500,
  RequestEntityTooLargeException: 413,
  ServiceUnavailableException: 503,
}

/**
 * An answer of the API, thrown by operations and turned into a response at the HTTP edge. It never leaves the server, which
 * is why it is no TidemarkError: its code and status are those of AWS.
 */
export class AwsError extends Error {
  override readonly name = 'AwsError'
  readonly type: AwsErrorType
  readonly status: number

  constructor(type: AwsErrorType, message: string, status = STATUS[type] ?? 400) {
    super(message)
    this.type = type
    this.status = status
  }
}
