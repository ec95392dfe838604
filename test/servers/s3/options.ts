import type { Environment, Random } from '../../../core/environment.js'
import { TidemarkError } from '../../../core/errors.js'
import type { LocalS3Credentials } from './access.js'
import type { S3FaultHook, S3FaultRule, S3Request } from './faults.js'

export interface LocalS3Options {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default 127.0.0.1. Signatures are not checked: whoever reaches the port can read and write everything. */
  readonly host?: string
  /** Made at the start. */
  readonly buckets?: readonly string[]
  /** Default us-east-1. */
  readonly region?: string
  /** Who may do what; other access keys are refused. Default: every access key may do everything. */
  readonly credentials?: readonly [LocalS3Credentials, ...LocalS3Credentials[]]
  /** Host names below which the first part is a bucket. Default: localhost. */
  readonly domains?: readonly string[]
  /** What objects and parts take in memory at most; a write beyond fails with 507. Default 1 GiB. */
  readonly maxBytes?: number
  /** What every part of a multipart upload but the last has to have. Default 5 MiB, as with S3. */
  readonly minPartBytes?: number
  /** How long each request waits before it is applied. Default 0. */
  readonly latencyMs?: number | ((request: S3Request) => number)
  /** What goes wrong from the start; `faults.add` adds to it. */
  readonly faults?: S3FaultHook | readonly S3FaultRule[]
  /** Decides the rates of faults. Default: the environment's. */
  readonly random?: Random
  /** Clock, timers and ids, for tests on virtual time. */
  readonly environment?: Environment
}

/** @throws TidemarkError LOCAL_S3_OPTION_INVALID */
export function checkOptions(options: LocalS3Options): void {
  const { port = 0, maxBytes = 1, minPartBytes = 0, latencyMs = 0, credentials } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw invalidOption(`port must be a whole number from 0 (any free port) to 65535, found ${port}`)
  }
  if (!(maxBytes > 0)) throw invalidOption(`maxBytes must be a number greater than 0, found ${maxBytes}`)
  if (!(minPartBytes >= 0))
    throw invalidOption(`minPartBytes must be a number that is not negative, found ${minPartBytes}`)
  if (typeof latencyMs === 'number' && !(latencyMs >= 0)) {
    throw invalidOption(`latencyMs must be a number that is not negative, found ${latencyMs}`)
  }
  if (credentials?.length === 0) throw invalidOption('credentials must name at least one access key')
}

export function invalidOption(what: string): TidemarkError {
  return new TidemarkError({ code: 'LOCAL_S3_OPTION_INVALID', domain: 'user', message: `local S3: ${what}` })
}
