import type { S3Fault } from './faults.js'
import type { OperationName } from './operations/names.js'
import type { ObjectStore } from './store/object-store.js'

export interface LocalS3Stats {
  /** Requests that arrived, by operation. */
  readonly requests: Readonly<Partial<Record<OperationName, number>>>
  /** Answers that were errors, by their code, also those that a fault caused. */
  readonly errors: Readonly<Record<string, number>>
  /** Bodies in and out, as far as they were read or sent. */
  readonly bytesIn: number
  readonly bytesOut: number
  readonly buckets: number
  readonly objects: number
  readonly objectBytes: number
  /** Multipart uploads that were neither completed nor aborted, and the bytes of their parts. */
  readonly uploads: number
  readonly uploadBytes: number
  readonly faults: Readonly<Partial<Record<S3Fault['kind'], number>>>
}

/** Counts of what went over the wire. */
export class Traffic {
  readonly requests: Partial<Record<OperationName, number>> = {}
  readonly errors: Record<string, number> = {}
  bytesIn = 0
  bytesOut = 0

  request(operation: OperationName): void {
    this.requests[operation] = (this.requests[operation] ?? 0) + 1
  }

  error(code: string): void {
    this.errors[code] = (this.errors[code] ?? 0) + 1
  }
}

export function statsOf(traffic: Traffic, store: ObjectStore, faults: LocalS3Stats['faults']): LocalS3Stats {
  let [objects, objectBytes, uploads, uploadBytes] = [0, 0, 0, 0]
  for (const bucket of store.buckets.values()) {
    objects += bucket.objects.size
    uploads += bucket.uploads.size
    for (const { bytes } of bucket.objects.values()) objectBytes += bytes.length
    for (const { parts } of bucket.uploads.values()) for (const { bytes } of parts.values()) uploadBytes += bytes.length
  }
  return {
    requests: { ...traffic.requests },
    errors: { ...traffic.errors },
    bytesIn: traffic.bytesIn,
    bytesOut: traffic.bytesOut,
    buckets: store.buckets.size,
    objects,
    objectBytes,
    uploads,
    uploadBytes,
    faults,
  }
}
