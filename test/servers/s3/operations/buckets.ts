import type { Answer, Operation } from '../s3.js'
import { S3Error } from '../s3-error.js'
import { isoTime } from '../wire/fields.js'
import { fromXml, textOf } from '../wire/xml.js'
import { NO_CONTENT, xmlAnswer } from './answers.js'

/** The region whose buckets have no location constraint. */
const FIRST_REGION = 'us-east-1'
const BUCKET_NAME = /^(?!xn--|\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

export const createBucket: Operation = (s3, { bucket, body }) => {
  checkBucketName(bucket)
  const constraint =
    body.length === 0 ? undefined : textOf(fromXml('CreateBucketConfiguration', body), 'LocationConstraint')
  if ((constraint ?? FIRST_REGION) !== s3.region || constraint === FIRST_REGION) {
    throw new S3Error('IllegalLocationConstraintException')
  }
  if (!s3.store.buckets.has(bucket)) s3.store.createBucket(bucket, s3.environment.clock.now())
  // In its first region S3 takes making a bucket again for success.
  else if (s3.region !== FIRST_REGION) throw new S3Error('BucketAlreadyOwnedByYou', undefined, { BucketName: bucket })
  return { status: 200, headers: { location: `/${bucket}` } }
}

/** @throws S3Error InvalidBucketName */
export function checkBucketName(name: string): void {
  if (!BUCKET_NAME.test(name)) throw new S3Error('InvalidBucketName', undefined, { BucketName: name })
}

export const headBucket: Operation = (s3, { bucket }) => {
  s3.store.bucket(bucket)
  return { status: 200, headers: { 'x-amz-bucket-region': s3.region } }
}

export const deleteBucket: Operation = (s3, { bucket: name }) => {
  const bucket = s3.store.bucket(name)
  if (bucket.objects.size > 0) throw new S3Error('BucketNotEmpty', undefined, { BucketName: name })
  s3.store.dropBucket(bucket)
  return NO_CONTENT
}

export const listBuckets: Operation = (s3): Answer => {
  const buckets = [...s3.store.buckets.values()].sort((left, right) => (left.name < right.name ? -1 : 1))
  return xmlAnswer('ListAllMyBucketsResult', {
    Owner: { ID: 'local' },
    Buckets: {
      Bucket: buckets.map(({ name, createdAtMs }) => ({ Name: name, CreationDate: isoTime(createdAtMs) })),
    },
  })
}

export const getBucketLocation: Operation = (s3, { bucket }) => {
  s3.store.bucket(bucket)
  return xmlAnswer('LocationConstraint', s3.region === FIRST_REGION ? {} : { '#text': s3.region })
}
