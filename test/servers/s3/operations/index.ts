import type { Operation } from '../s3.js'
import { S3Error } from '../s3-error.js'
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './buckets.js'
import { completeMultipartUpload } from './complete-upload.js'
import { copyObject } from './copy-object.js'
import { deleteObject, deleteObjects } from './delete-objects.js'
import { getObject } from './get-object.js'
import { listObjectsV2 } from './list-objects.js'
import { listMultipartUploads, listParts } from './list-uploads.js'
import { abortMultipartUpload, createMultipartUpload, uploadPart, uploadPartCopy } from './multipart.js'
import type { OperationName } from './names.js'
import { putObject } from './put-object.js'

const unknown: Operation = () => {
  throw new S3Error('NotImplemented', 'The local S3 does not have this operation.')
}

export const operations: Readonly<Record<OperationName, Operation>> = {
  AbortMultipartUpload: abortMultipartUpload,
  CompleteMultipartUpload: completeMultipartUpload,
  CopyObject: copyObject,
  CreateBucket: createBucket,
  CreateMultipartUpload: createMultipartUpload,
  DeleteBucket: deleteBucket,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  GetBucketLocation: getBucketLocation,
  GetObject: getObject,
  HeadBucket: headBucket,
  HeadObject: getObject,
  ListBuckets: listBuckets,
  ListMultipartUploads: listMultipartUploads,
  ListObjectsV2: listObjectsV2,
  ListParts: listParts,
  PutObject: putObject,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
  Unknown: unknown,
}
