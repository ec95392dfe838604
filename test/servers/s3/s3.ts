import type { IncomingHttpHeaders } from 'node:http'
import type { Environment } from '../../../core/environment.js'
import type { OperationName } from './operations/names.js'
import type { ObjectStore } from './store/object-store.js'
import type { DeclaredChecksum } from './wire/checksum.js'

/** What operations work on. */
export interface S3 {
  readonly environment: Environment
  readonly region: string
  /** What every part but the last has to have. */
  readonly minPartBytes: number
  readonly store: ObjectStore
}

/** One request, its body read, decoded and verified. */
export interface Call {
  readonly operation: OperationName
  /** Empty where the operation has none. */
  readonly bucket: string
  readonly key: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The checksum that came with the body and fits it. */
  readonly checksum: DeclaredChecksum | undefined
  /** Whether the key was deleted while this request was on its way. */
  readonly overtakenByDelete: boolean
  readonly may: (action: string, bucket: string, key?: string) => boolean
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** One call of the API. It never waits, which is what makes conditional writes atomic. Throws S3Error. */
export type Operation = (s3: S3, call: Call) => Answer
