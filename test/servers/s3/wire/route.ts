import type { IncomingHttpHeaders } from 'node:http'
import type { OperationName } from '../operations/names.js'
import type { Address } from './address.js'

/** Parts of S3 that this server does not have, each asked for by a query of its name. */
const OTHER_RESOURCES: readonly string[] = [
  'accelerate',
  'acl',
  'analytics',
  'attributes',
  'cors',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'logging',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'tagging',
  'torrent',
  'versionId',
  'versioning',
  'versions',
  'website',
]

const SERVICE: Readonly<Record<string, OperationName>> = { GET: 'ListBuckets' }
const BUCKET: Readonly<Record<string, OperationName>> = {
  DELETE: 'DeleteBucket',
  HEAD: 'HeadBucket',
  PUT: 'CreateBucket',
}
const OBJECT: Readonly<Record<string, OperationName>> = {
  DELETE: 'DeleteObject',
  GET: 'GetObject',
  HEAD: 'HeadObject',
  PUT: 'PutObject',
}

/** Which operation a request is. */
export function operationOf(
  method: string,
  { bucket, key, query }: Address,
  headers: IncomingHttpHeaders,
): OperationName {
  if (OTHER_RESOURCES.some((name) => query.has(name))) return 'Unknown'
  if (bucket === '') return SERVICE[method] ?? 'Unknown'
  if (key === '') return bucketOperation(method, query)
  return objectOperation(method, query, headers['x-amz-copy-source'] !== undefined)
}

function bucketOperation(method: string, query: URLSearchParams): OperationName {
  if (method === 'GET' && query.has('location')) return 'GetBucketLocation'
  if (method === 'GET' && query.has('uploads')) return 'ListMultipartUploads'
  if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2'
  if (method === 'POST' && query.has('delete')) return 'DeleteObjects'
  return BUCKET[method] ?? 'Unknown'
}

function objectOperation(method: string, query: URLSearchParams, isCopy: boolean): OperationName {
  if (method === 'POST' && query.has('uploads')) return 'CreateMultipartUpload'
  if (query.has('uploadId')) {
    if (method === 'PUT') return isCopy ? 'UploadPartCopy' : 'UploadPart'
    if (method === 'POST') return 'CompleteMultipartUpload'
    if (method === 'GET') return 'ListParts'
    if (method === 'DELETE') return 'AbortMultipartUpload'
  }
  if (method === 'PUT' && isCopy) return 'CopyObject'
  return OBJECT[method] ?? 'Unknown'
}
