import { onTestFinished } from 'vitest'
import { jsonLines } from '../../../connectors/file/index.js'
import type { S3SinkOptions } from '../../../connectors/s3/index.js'
import { s3Sink } from '../../../connectors/s3/index.js'
import type { Sink, SinkWriter } from '../../../core/connector.js'
import { type LocalS3, type LocalS3Options, startLocalS3 } from '../../servers/s3/index.js'
import { hurriedEnvironment } from '../kinesis/sink-fixture.js'

export const BUCKET = 'lake'
export const MIB = 1024 * 1024
export const PART = 5 * MIB

export async function startBucket(options: LocalS3Options = {}): Promise<LocalS3> {
  const s3 = await startLocalS3({ buckets: [BUCKET], ...options })
  onTestFinished(() => s3.close())
  return s3
}

/** JSON lines below `trips/`, in parts of 5 MiB, unless the options say otherwise. */
export function lineSink<T = unknown>(s3: LocalS3, options: Partial<S3SinkOptions<T>> = {}): Sink<T> {
  return s3Sink<T>({
    to: `s3://${BUCKET}/trips`,
    format: jsonLines(),
    endpoint: s3.endpoint,
    region: s3.region,
    clientConfig: { credentials: s3.credentials },
    partBytes: PART,
    // However slow the machine is, and hurried the clock: only what a test makes fail fails.
    callTimeoutMs: 600_000,
    retryForMs: 600_000,
    ...options,
  } as S3SinkOptions<T>) // A spread of partial options loses which of the alternatives it is.
}

/** Backoff in a fraction of the time. */
export const hurried = () => ({ environment: hurriedEnvironment() })

/** Keys of objects that a reader sees: not those whose name, or a folder's, begins with an underscore. */
export function dataKeys(s3: LocalS3, prefix = ''): readonly string[] {
  return s3.keys(BUCKET, prefix).filter((key) => !/(^|\/)_/.test(key))
}

export function textAt(s3: LocalS3, key: string): string {
  return s3.read(BUCKET, key)?.toString('utf8') ?? ''
}

export function linesIn(s3: LocalS3, prefix = ''): readonly string[] {
  return dataKeys(s3, prefix).flatMap((key) => textAt(s3, key).split('\n').slice(0, -1))
}

/** What a checkpoint has of a writer, as it comes back from storage. */
export async function checkpointOf(writer: SinkWriter<never>, id: number) {
  const committables = await writer.prepareCommit(id)
  return { committables: structuredClone(committables), state: structuredClone(writer.snapshot?.() ?? []) }
}

/** Rows of about 1 KiB. */
export function bigRows(count: number, from = 0): { readonly n: number; readonly text: string }[] {
  return Array.from({ length: count }, (_, index) => ({ n: from + index, text: 'x'.repeat(1000) }))
}

export function numbersIn(s3: LocalS3, prefix = ''): readonly number[] {
  return linesIn(s3, prefix)
    .map((line) => (JSON.parse(line) as { readonly n: number }).n)
    .sort((a, b) => a - b)
}

export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n)
}
